#include "client/attempt_record.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/local_evidence.h"
#include "client/testing/bench.h"

namespace cairn::client::attempt_record_test {
namespace {

using testing::Bench;
using testing::failure_of;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class AttemptRecordTest : public ::testing::Test {
  protected:
    std::vector<std::string> ids() { return AttemptHistory(bench_.state).ids(name_); }
    RecordedAttempt newest() { return AttemptHistory(bench_.state).newest(name_).value(); }
    static ProgressEvent placing() {
        return {.kind = ProgressKind::placing_order, .host = "ca.example"};
    }

    Bench bench_;
    LineageName name_ = LineageName::from_text("a.example").value();
    Environment environment_ = bench_.environment();
};

TEST_F(AttemptRecordTest, KeepsEachStepAndPassesItOn) {
    AttemptRecord record(environment_, name_, AttemptWork::renew, bench_.heard);
    record.tell({.kind = ProgressKind::links_mended, .place = "/live/a"});
    EXPECT_THAT(ids(), SizeIs(0)) << "mending is no attempt yet";
    record.tell(placing());
    bench_.timer.wait(std::chrono::milliseconds(1500));
    record.tell({.kind = ProgressKind::requesting_certificate});
    EXPECT_EQ(newest().state, AttemptState::running);
    record.succeed();
    EXPECT_THAT(bench_.heard.events(), SizeIs(3));
    const auto kept = newest();
    EXPECT_EQ(kept.lineage, "a.example");
    EXPECT_EQ(kept.work, AttemptWork::renew);
    EXPECT_EQ(kept.state, AttemptState::succeeded);
    EXPECT_EQ(kept.took, std::chrono::milliseconds(1500));
    ASSERT_THAT(kept.steps, SizeIs(3));
    EXPECT_EQ(kept.steps[0].event.kind, ProgressKind::links_mended);
    EXPECT_EQ(kept.steps[1].event.host, "ca.example");
    EXPECT_EQ(kept.steps[2].after, std::chrono::milliseconds(1500));
    EXPECT_EQ(kept.id, ids().front());
    EXPECT_EQ(
        std::filesystem::status(AttemptHistory(bench_.state).file(name_, kept.id)).permissions(),
        std::filesystem::perms(0600));
}

TEST_F(AttemptRecordTest, IsTheNewestAlsoWithinASecond) {
    for (int i = 0; i < 12; ++i) {
        AttemptRecord record(environment_, name_, AttemptWork::issue, bench_.heard);
        record.tell({.kind = ProgressKind::placing_order, .host = std::to_string(i)});
        record.succeed();
        EXPECT_EQ(newest().steps.front().event.host, std::to_string(i));
    }
}

TEST_F(AttemptRecordTest, KeepsNothingOfWhatNeverBegan) {
    AttemptRecord record(environment_, name_, AttemptWork::renew, bench_.heard);
    record.tell({.kind = ProgressKind::links_mended, .place = "/live/a"});
    record.succeed();
    EXPECT_THAT(ids(), SizeIs(0));
}

TEST_F(AttemptRecordTest, KeepsAFailureAndTellsWhere) {
    AttemptRecord record(environment_, name_, AttemptWork::issue, bench_.heard);
    record.fail(Failure({"order a certificate", Phase::order}, "it is closed", "wait."));
    const auto kept = newest();
    EXPECT_EQ(kept.state, AttemptState::failed);
    EXPECT_STREQ(kept.failure->what(), "Could not order a certificate: it is closed\nNext: wait.");
    const auto told = bench_.heard.events(ProgressKind::attempt_kept);
    ASSERT_THAT(told, SizeIs(1));
    EXPECT_EQ(told.front().text, kept.id);
    EXPECT_EQ(AttemptHistory(bench_.state).find(kept.id)->lineage, "a.example");
    EXPECT_EQ(AttemptHistory(bench_.state).newest_failure()->id, kept.id);
}

TEST_F(AttemptRecordTest, OfAKilledRunIsInterrupted) {
    {
        AttemptRecord record(environment_, name_, AttemptWork::issue, bench_.heard);
        record.tell(placing());
    }
    EXPECT_EQ(newest().state, AttemptState::interrupted);
    EXPECT_FALSE(newest().took);
    EXPECT_THAT(newest().steps, SizeIs(1));
}

TEST_F(AttemptRecordTest, AreFewAndSmall) {
    for (std::size_t i = 0; i < AttemptHistory::max_attempts + 3; ++i) {
        AttemptRecord record(environment_, name_, AttemptWork::issue, bench_.heard);
        record.tell(placing());
        record.succeed();
    }
    EXPECT_THAT(ids(), SizeIs(AttemptHistory::max_attempts));
    AttemptRecord record(environment_, name_, AttemptWork::issue, bench_.heard);
    for (int i = 0; i < 1000; ++i)
        record.tell({.kind = ProgressKind::placing_order, .text = std::string(100000, 'x')});
    record.fail(Failure("order", std::string(1000000, 'y')));
    const auto file = AttemptHistory(bench_.state).file(name_, record.id());
    EXPECT_LE(std::filesystem::file_size(file), AttemptHistory::max_octets + (80U << 10));
    const auto kept = AttemptHistory(bench_.state).find(record.id()).value();
    EXPECT_GT(kept.left_out, 900U);
    EXPECT_EQ(kept.state, AttemptState::failed);
    EXPECT_THAT(kept.failure->what(), HasSubstr("yyy"));
}

TEST_F(AttemptRecordTest, LooksFromHereAtAFailedProof) {
    struct Evidence final : LocalEvidence {
        std::vector<std::string> about(const ProgressEvent& failed) noexcept override {
            return {"there is " + failed.text};
        }
    } evidence;
    environment_.evidence = &evidence;
    AttemptRecord record(environment_, name_, AttemptWork::issue, bench_.heard);
    record.tell({.kind = ProgressKind::proof_failed, .text = "nothing"});
    const auto steps = newest().steps;
    ASSERT_THAT(steps, SizeIs(2));
    EXPECT_EQ(steps[1].event.kind, ProgressKind::seen_from_here);
    EXPECT_EQ(steps[1].event.text, "there is nothing");
    EXPECT_TRUE(bench_.heard.has(ProgressKind::seen_from_here));
}

TEST_F(AttemptRecordTest, DoesNotStopWorkThatItCannotKeep) {
    std::filesystem::create_directories(bench_.state.root());
    write_durably(bench_.state.root() / "attempts", "in the way", FileAccess::owner);
    AttemptRecord record(environment_, name_, AttemptWork::issue, bench_.heard);
    record.tell(placing());
    record.fail(Failure("order", "no"));
    EXPECT_EQ(record.id(), "");
    EXPECT_TRUE(bench_.heard.has(ProgressKind::placing_order));
    EXPECT_FALSE(bench_.heard.has(ProgressKind::attempt_kept));
}

TEST_F(AttemptRecordTest, OfAnIssuanceHasAllThatLedToIt) {
    bench_.ca.unconvinced_of = {"a.example"};
    const IssuanceOrder order{.lineage = name_,
                              .plan = bench_.plan({"a.example"}),
                              .account = {.terms = Terms::agreed, .contact = {}, .external = {}},
                              .replaces = {}};
    EXPECT_THAT(failure_of([&] { issue(environment_, order, bench_.heard); }),
                HasSubstr("a.example"));
    const auto kept = newest();
    EXPECT_EQ(kept.work, AttemptWork::issue);
    EXPECT_EQ(kept.state, AttemptState::failed);
    EXPECT_EQ(kept.failure->findings().size(), 1U);
    std::vector<ProgressKind> kinds;
    for (const auto& step : kept.steps) kinds.push_back(step.event.kind);
    using enum ProgressKind;
    EXPECT_THAT(kinds, ::testing::ElementsAre(registering_account, placing_order, proving_control,
                                              answer_is_up, proof_failed));
    EXPECT_THAT(kept.steps.back().event.place.string(),
                HasSubstr("http://a.example/.well-known/acme-challenge/"));
}

TEST(RecordedAttempt, ReadsWhatIsCutOffOrOfALaterVersion) {
    const std::string first = R"({"version": 1, "attempt": "x", "lineage": "a", "work": "renew", )"
                              R"("started": "2026-01-02T03:04:05Z"})";
    const auto read = RecordedAttempt::from_lines(
        first +
        "\n{\"after_ms\": 5, \"event\": \"moon_landing\"}\n"
        "{\"after_ms\": 7, \"event\": \"requesting_certificate\"}\n{\"after_ms\": 9, \"ev");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->state, AttemptState::interrupted);
    ASSERT_THAT(read->steps, SizeIs(1));
    EXPECT_EQ(read->steps[0].after, std::chrono::milliseconds(7));
    for (const std::string& text :
         {std::string(), std::string("{}"), std::string("x"),
          std::string(R"({"version": 2, "attempt": "x", "lineage": "a", "work": "renew"})"),
          std::string(R"({"version": 1, "attempt": "x", "lineage": "a", "work": "dance"})")})
        EXPECT_FALSE(RecordedAttempt::from_lines(text)) << text;
}

}  // namespace
}  // namespace cairn::client::attempt_record_test
