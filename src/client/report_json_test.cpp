#include "client/report_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/enum_table.h"

namespace cairn::client::report_json_test {
namespace {

using protocol::ChallengeType;
using protocol::Identifier;
using protocol::Problem;
using protocol::ProblemType;
using ::testing::HasSubstr;
using ::testing::Not;

Failure again(const Failure& failure) {
    const auto json = to_json(failure);
    auto read = failure_from_json(base::bytes_of(json));
    EXPECT_TRUE(read) << json << ": " << read.error().message;
    return read.value();
}

TEST(FailureJson, TellsAllPartsOfAnAnswer) {
    Problem problem(ProblemType::rate_limited, "too many \"orders\"", 429);
    problem.subproblems = {{ProblemType::caa, "forbidden", {{"dns", "a.example"}}}};
    const base::Time time(std::chrono::seconds(1800000000));
    const auto name = Identifier::dns("*.a.example").value();
    const auto failure =
        Failure({"order a certificate", Phase::order, name}, "ca.example", problem, "wait.")
            .retrying_at(time);
    EXPECT_THAT(to_json(failure), HasSubstr(R"("retry_at": "2027-01-15T08:00:00Z")"));
    EXPECT_THAT(to_json(failure), HasSubstr(R"("phase": "order")"));
    const auto read = again(failure);
    EXPECT_STREQ(read.what(), failure.what());
    EXPECT_EQ(read.phase(), Phase::order);
    EXPECT_EQ(read.identifier(), name);
    EXPECT_EQ(read.problem(), ProblemType::rate_limited);
    EXPECT_EQ(read.document()->detail, "too many \"orders\"");
    ASSERT_EQ(read.document()->subproblems.size(), 1U);
    EXPECT_EQ(read.document()->subproblems.front().identifier->second, "a.example");
    EXPECT_EQ(read.status(), 429);
    EXPECT_EQ(read.retry_at(), time);
}

TEST(FailureJson, TellsEachFinding) {
    const auto failure = Failure::of_proof(
        "ca.example", {{Identifier::dns("a.example").value(), ChallengeType::http_01,
                        Problem(ProblemType::connection, "nobody there")},
                       {Identifier::ip("192.0.2.1").value(), ChallengeType::tls_alpn_01,
                        Problem(ProblemType::tls, "no handshake")}});
    const auto read = again(failure);
    EXPECT_STREQ(read.what(), failure.what());
    EXPECT_EQ(read.phase(), Phase::challenge);
    ASSERT_EQ(read.findings().size(), 2U);
    EXPECT_EQ(read.findings()[1].identifier.value(), "192.0.2.1");
    EXPECT_EQ(read.findings()[1].challenge, ChallengeType::tls_alpn_01);
    EXPECT_EQ(read.findings()[0].problem.detail, "nobody there");
    EXPECT_FALSE(read.identifier()) << "it is about two";
}

TEST(FailureJson, LeavesOutWhatIsNotKnown) {
    EXPECT_EQ(to_json(Failure("boil water", "no fire")),
              R"({"phase": "other", "tried": "boil water", "came_back": "no fire"})");
    EXPECT_FALSE(again(Failure("boil water", "no fire")).document());
}

TEST(FailureJson, BoundsTheWordsOfACa) {
    Problem problem(ProblemType::unknown, "\x1b" + std::string(100000, 'x'), 400);
    for (int i = 0; i < 5000; ++i)
        problem.subproblems.push_back({ProblemType::dns, std::string(5000, 'x'), {{"dns", "x"}}});
    const auto json = to_json(Failure("order", "ca.example", problem, {}));
    EXPECT_LT(json.size(), 200000U);
    EXPECT_THAT(json, Not(HasSubstr("\x1b")));
}

TEST(FailureJson, RefusesWhatIsNone) {
    for (const char* text : {"", "[]", "{}", R"({"tried": 1, "came_back": "x"})"})
        EXPECT_FALSE(failure_from_json(base::bytes_of(text))) << text;
    // What a later version may add is left out.
    const auto read = failure_from_json(base::bytes_of(std::string_view(
        R"({"tried": "x", "came_back": "y", "phase": "orbit", "colour": "red",
            "findings": [{"identifier": {"type": "moon", "value": "x"}}]})")));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->phase(), Phase::other);
    EXPECT_TRUE(read->findings().empty());
}

TEST(ProgressJson, TellsWhatGoesWithTheKind) {
    EXPECT_EQ(to_json(ProgressEvent{.kind = ProgressKind::requesting_certificate}),
              R"({"event": "requesting_certificate", "phase": "finalize", "warning": false})");
    EXPECT_EQ(
        to_json(ProgressEvent{.kind = ProgressKind::proof_refused_so_far,
                              .identifiers = {Identifier::dns("a.example").value()},
                              .host = "ca.example",
                              .problem = Problem(ProblemType::dns, "no \"address\""),
                              .lineage = "a"}),
        R"({"event": "proof_refused_so_far", "phase": "challenge", "warning": false, "lineage": "a", )"
        R"("identifiers": [{"type": "dns", "value": "a.example"}], "ca": "ca.example", )"
        R"("problem": )" +
            Problem(ProblemType::dns, "no \"address\"").to_json() + "}");
    const auto left_up = to_json(ProgressEvent{.kind = ProgressKind::old_answer_left_up,
                                               .failure = Failure("use it", "it is gone"),
                                               .place = "/state/challenges/a",
                                               .number = 7,
                                               .text = "a"});
    EXPECT_THAT(left_up, HasSubstr(R"("warning": true)"));
    EXPECT_THAT(left_up, HasSubstr(R"("failure": {"phase": "other", "tried": "use it")"));
    EXPECT_THAT(left_up, HasSubstr(R"("place": "/state/challenges/a", "number": 7, "text": "a"})"));
}

TEST(ProgressJson, IsReadAgain) {
    const ProgressEvent event{.kind = ProgressKind::proof_failed,
                              .identifiers = {Identifier::dns("*.a.example").value()},
                              .host = "ca.example",
                              .challenge = ChallengeType::dns_01,
                              .problem = Problem(ProblemType::dns, "no such record", 400),
                              .failure = Failure("use it", "it is gone", "mend it."),
                              .place = "_acme-challenge.a.example",
                              .number = 7,
                              .text = "value",
                              .subject = "pre-hook",
                              .lineage = "a"};
    const auto json = to_json(event);
    const auto read = progress_event_from_json(base::bytes_of(json));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(to_json(*read), json);
    EXPECT_EQ(read->kind, ProgressKind::proof_failed);
    EXPECT_EQ(read->identifiers, event.identifiers);
    EXPECT_EQ(read->problem->detail, "no such record");
}

TEST(ProgressJson, EveryKindIsReadAgain) {
    for (const auto kind : base::enumerators<ProgressKind>) {
        const auto json = to_json(ProgressEvent{.kind = kind});
        const auto read = progress_event_from_json(base::bytes_of(json));
        ASSERT_TRUE(read) << json;
        EXPECT_EQ(read->kind, kind);
    }
    for (const char* text : {"", "[]", "{}", R"({"event": "moon_landing"})", R"({"event": 1})"})
        EXPECT_FALSE(progress_event_from_json(base::bytes_of(text))) << text;
}

}  // namespace
}  // namespace cairn::client::report_json_test
