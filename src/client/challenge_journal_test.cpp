#include "client/challenge_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/challenge.h"
#include "client/testing/heard.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::challenge_journal_test {
namespace {

namespace fs = std::filesystem;
using protocol::ChallengeType;
using testing::challenge;

class ChallengeJournalTest : public ::testing::Test {
  protected:
    Solver& solver(const std::string& text) { return *solvers_->find(text).value(); }
    Solver& webroot() {
        fs::create_directory(folder_ / "webroot");
        return solver("webroot:" + (folder_ / "webroot").string());
    }
    testing::TemporaryFolder folder_;
    StateDirectory state_{folder_ / "state"};
    LineageName name_ = LineageName::from_text("a.example").value();
    ChallengeJournal journal_{state_, name_};
    base::SystemClock clock_;
    InstantTimer timer_;
    testing::Heard heard_;
    [[nodiscard]] SolverContext context() { return {clock_, timer_, heard_}; }
    std::optional<SolverSet> solvers_{context()};
};

TEST_F(ChallengeJournalTest, RemembersWhatIsPresented) {
    const auto first = challenge(ChallengeType::http_01, "a.example", 'a');
    const auto second = challenge(ChallengeType::http_01, "192.0.2.1", 'b');
    journal_.record(first, webroot());
    journal_.record(second, webroot());
    ASSERT_EQ(journal_.entries().size(), 2U);
    for (const auto& entry : journal_.entries()) {
        ASSERT_TRUE(entry) << entry.error().message;
        const auto& expected = entry->challenge.token == first.token ? first : second;
        EXPECT_EQ(entry->challenge.identifier, expected.identifier);
        EXPECT_EQ(entry->challenge.key_authorization, expected.key_authorization);
        EXPECT_EQ(entry->solver, webroot().specification());
    }
    journal_.erase(first);
    EXPECT_EQ(journal_.entries().size(), 1U);
    journal_.erase(second);
    journal_.erase(second);
    EXPECT_FALSE(fs::exists(state_.challenges(name_)));
}

TEST_F(ChallengeJournalTest, DoesNotBotherWithWhatDiesWithTheProcess) {
    journal_.record(challenge(ChallengeType::http_01, "a.example"), solver("standalone"));
    EXPECT_TRUE(journal_.entries().empty());
}

// Check 204.
TEST_F(ChallengeJournalTest, ALaterRunTakesDownWhatACrashLeft) {
    const auto left = challenge(ChallengeType::http_01, "a.example");
    journal_.record(left, webroot());
    webroot().present(left);
    solvers_.emplace(context());  // another run
    const auto file = folder_ / "webroot" / ".well-known" / "acme-challenge" / left.token.text();
    ASSERT_TRUE(fs::exists(file));
    clean_up_after_crashes(state_, *solvers_, heard_);
    EXPECT_TRUE(fs::is_empty(folder_ / "webroot")) << "the folders were made for it";
    EXPECT_TRUE(journal_.entries().empty());
    const auto told = heard_.events(ProgressKind::old_answer_taken_down);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told.front().identifiers.front(), left.identifier);
}

TEST_F(ChallengeJournalTest, KeepsWhoseAnswerItIs) {  // the name of the record differs by account
    auto kept = challenge(ChallengeType::dns_account_01, "a.example");
    kept.account_url = "https://ca.example/acct/1";
    journal_.record(kept, webroot());
    ASSERT_EQ(journal_.entries().size(), 1U);
    ASSERT_TRUE(journal_.entries().front());
    EXPECT_EQ(journal_.entries().front()->challenge.account_url, kept.account_url);
    EXPECT_EQ(dns_record_of(journal_.entries().front()->challenge).name, dns_record_of(kept).name);
}

TEST_F(ChallengeJournalTest, WhatARunningOrderPresentsIsLeftAlone) {
    const auto presented = challenge(ChallengeType::http_01, "a.example");
    const auto lock = state_.try_lock(name_);
    journal_.record(presented, webroot());
    clean_up_after_crashes(state_, *solvers_, heard_);
    EXPECT_EQ(journal_.entries().size(), 1U);
}

TEST_F(ChallengeJournalTest, ReportsWhatItCannotTakeDown) {
    journal_.record(challenge(ChallengeType::http_01, "a.example"), webroot());
    fs::remove_all(folder_ / "webroot");
    SolverSet fresh{SolverContext{clock_, timer_, heard_}};
    clean_up_after_crashes(state_, fresh, heard_);
    EXPECT_TRUE(heard_.has(ProgressKind::old_answer_left_up));
    EXPECT_EQ(journal_.entries().size(), 1U);
}

TEST_F(ChallengeJournalTest, ADamagedRecordNamesItsFile) {
    make_private_directory(state_.challenges(name_));
    write_durably(state_.challenges(name_) / "x.json", R"({"solver": "exec:/bin/true"})",
                  FileAccess::owner);
    ASSERT_EQ(journal_.entries().size(), 1U);
    ASSERT_FALSE(journal_.entries().front());
    EXPECT_THAT(journal_.entries().front().error().message, ::testing::HasSubstr("x.json"));
}

}  // namespace
}  // namespace cairn::client::challenge_journal_test
