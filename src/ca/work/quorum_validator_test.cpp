#include "ca/work/quorum_validator.h"

#include <atomic>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/shortage.h"
#include "ca/testing/event_loop.h"
#include "ca/testing/fake_validator.h"
#include "crypto/random.h"

namespace cairn::ca::quorum_validator_test {
namespace {

using protocol::Problem;
using protocol::ProblemType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Registry = protocol::InternetRegistry;
using std::chrono::steady_clock;

/// A perspective that says what the test wants, when it wants.
class Elsewhere final : public Validator {
  public:
    explicit Elsewhere(std::string name) : name_(std::move(name)) {}

    std::optional<Problem> problem;
    std::optional<base::Seconds> reliable_for;
    bool lacks = false;   ///< the CA lacks what it takes to ask it
    std::string silence;  ///< not empty: it gives no answer for this reason
    base::Milliseconds delay{0};
    std::string answers_as;  ///< not empty: another name than its own
    std::atomic<int> asked = 0;

    base::Task<Answer> validate(Question question) override {
        ++asked;
        if (delay.count() > 0) co_await base::sleep_for(delay);
        if (lacks) throw base::Shortage("no descriptors");
        if (!silence.empty()) throw std::runtime_error(silence);
        last_identities.assign(question.caa_identities.begin(), question.caa_identities.end());
        Evidence seen{.perspective = answers_as.empty() ? name_ : answers_as,
                      .begun = {},
                      .ended = {},
                      .steps = {"looked"},
                      .problem = problem};
        Answer answer;
        answer.reliable_for = reliable_for;
        if (problem)
            answer.failure = Failure{.problem = *problem, .outlook = Failure::Outlook::final};
        answer.evidence.push_back(std::move(seen));
        co_return answer;
    }
    std::vector<std::string> last_identities;

  private:
    const std::string name_;
};

class Roster final : public Perspectives {
  public:
    std::shared_ptr<const Panel> panel() const override {
        const std::scoped_lock lock(mutex);
        return present;
    }
    void set(Panel panel) {
        const std::scoped_lock lock(mutex);
        present = std::make_shared<Panel>(std::move(panel));
    }
    mutable std::mutex mutex;
    std::shared_ptr<const Panel> present = std::make_shared<Panel>();
};

struct Votes final : Observer {
    void perspective_voted(std::string_view perspective, Vote vote, Duration) override {
        const std::scoped_lock lock(mutex);
        all[std::string(perspective)].push_back(vote);
    }
    void quorum_decided(bool is_reached) override {
        const std::scoped_lock lock(mutex);
        quorums.push_back(is_reached);
    }
    std::mutex mutex;
    std::map<std::string, std::vector<Vote>> all;
    std::vector<bool> quorums;
};

class QuorumValidatorTest : public ::testing::Test {
  protected:
    // Each with a region: 'R', 'A' or 'P'.
    void seat(const std::string& regions) {
        for (const char letter : regions) {
            const std::string name = "p" + std::to_string(panel_.remotes.size());
            const auto region = letter == 'R'   ? Registry::ripe
                                : letter == 'A' ? Registry::arin
                                                : Registry::apnic;
            auto remote = std::make_shared<Elsewhere>(name);
            remotes_.push_back(remote);
            panel_.remotes.push_back(
                {.name = name, .seats = {{name, region}}, .validator = remote});
        }
        roster_.set(panel_);
    }
    void fail(std::size_t i) { remotes_.at(i)->problem.emplace(ProblemType::unauthorized, "no"); }

    Validator::Answer ask(PolicyKind kind = PolicyKind::private_ca) {
        QuorumValidator validator(kind, primary_, {roster_, clock_, *log_, votes_});
        return loop_.await(validator.validate(question()));
    }
    Validator::Question question() {
        return {.account_url = "https://ca.example/acme/account/1",
                .profile = "default",
                .identifier = *protocol::Identifier::dns("example.com"),
                .method = protocol::ChallengeType::http_01,
                .token = protocol::Token::random(random_),
                .key_authorization = "token.thumbprint",
                .caa_identities = identities_};
    }
    static std::vector<std::string> names(const Validator::Answer& answer) {
        std::vector<std::string> all;
        for (const auto& each : answer.evidence) all.push_back(each.perspective);
        return all;
    }

    using Vote = Observer::Vote;
    crypto::SystemRandom random_;
    base::ManualClock clock_{*base::from_rfc3339("2026-11-22T12:00:00Z")};
    const std::unique_ptr<base::Log> log_ = base::silent_log();
    Votes votes_;
    Roster roster_;
    Panel panel_;
    testing::FakeValidator primary_;
    std::vector<std::shared_ptr<Elsewhere>> remotes_;
    const std::vector<std::string> identities_{"ca.example"};
    testing::EventLoop loop_;
};

TEST_F(QuorumValidatorTest, WithoutOthersItIsTheCaAlone) {
    const auto answer = ask();
    EXPECT_FALSE(answer.failure);
    EXPECT_THAT(names(answer), ElementsAre("local"));
    EXPECT_TRUE(votes_.quorums.empty());
}

TEST_F(QuorumValidatorTest, AllThatIsSeenIsWrittenDown) {
    seat("RAP");
    const auto answer = ask();
    EXPECT_FALSE(answer.failure);
    EXPECT_THAT(names(answer), ElementsAre("local", "p0", "p1", "p2"));
    EXPECT_EQ(answer.evidence[1].region, Registry::ripe);
    EXPECT_EQ(answer.evidence[3].region, Registry::apnic);
    EXPECT_EQ(remotes_[0]->last_identities, identities_);
    EXPECT_THAT(votes_.quorums, ElementsAre(true));
    for (const auto* name : {"p0", "p1", "p2"})
        EXPECT_THAT(votes_.all[name], ElementsAre(Vote::agreed)) << name;
}

// Checks 181, 182.
TEST_F(QuorumValidatorTest, OneOfThreeMayDiffer) {
    seat("RAP");
    fail(1);
    EXPECT_FALSE(ask().failure);
    EXPECT_THAT(votes_.all["p1"], ElementsAre(Vote::differed));

    fail(2);
    const auto answer = ask();
    ASSERT_TRUE(answer.failure);
    EXPECT_EQ(answer.failure->problem.type, ProblemType::unauthorized);
    EXPECT_EQ(answer.failure->outlook, Validator::Failure::Outlook::final);
    EXPECT_THAT(answer.failure->problem.detail, HasSubstr("only 1 did, where 2 have to"));
    EXPECT_THAT(votes_.quorums, ElementsAre(true, false));
}

// Check 183.
TEST_F(QuorumValidatorTest, WhoIsSilentDoesNotCorroborateAndIsNoFinding) {
    seat("RAP");
    remotes_[0]->silence = "GET https://10.0.0.7: refused";
    EXPECT_FALSE(ask().failure);
    remotes_[1]->answers_as = "p2";  // nobody votes twice
    const auto answer = ask();
    ASSERT_TRUE(answer.failure);
    EXPECT_EQ(answer.failure->problem.type, ProblemType::server_internal);
    EXPECT_EQ(answer.failure->outlook, Validator::Failure::Outlook::may_heal);
    // The reason is the operator's alone.
    EXPECT_THAT(answer.evidence[1].step_list(), HasSubstr("10.0.0.7"));
    EXPECT_EQ(answer.evidence[1].problem->detail, "no answer");
    EXPECT_THAT(answer.failure->problem.detail, Not(HasSubstr("10.0.0.7")));
    EXPECT_THAT(votes_.all["p0"], ElementsAre(Vote::silent, Vote::silent));
}

TEST_F(QuorumValidatorTest, WhoCouldNotFindOutIsSilent) {
    seat("RAP");
    remotes_[0]->problem.emplace(ProblemType::server_internal, "no route");
    remotes_[1]->problem.emplace(ProblemType::server_internal, "no route");
    const auto answer = ask();
    ASSERT_TRUE(answer.failure);
    EXPECT_EQ(answer.failure->problem.type, ProblemType::server_internal);
    EXPECT_EQ(answer.failure->outlook, Validator::Failure::Outlook::may_heal);
    EXPECT_THAT(answer.evidence[1].step_list(), HasSubstr("looked"));
    EXPECT_THAT(votes_.all["p0"], ElementsAre(Vote::silent));
}

// Check 183.
TEST_F(QuorumValidatorTest, TheCasOwnFindingIsNeverOutvoted) {
    seat("RAP");
    primary_.fail(Problem(ProblemType::connection, "refused"));
    const auto answer = ask();
    ASSERT_TRUE(answer.failure);
    EXPECT_EQ(answer.failure->problem.detail, "refused");
    EXPECT_THAT(names(answer), ElementsAre("local", "p0", "p1", "p2"));
    EXPECT_THAT(votes_.all["p0"], ElementsAre(Vote::differed));
    EXPECT_TRUE(votes_.quorums.empty());
}

TEST_F(QuorumValidatorTest, NobodyWaitsForWhoUsuallyDoesNotAnswer) {
    seat("RAP");
    remotes_[2]->delay = std::chrono::seconds(3);
    remotes_[2]->silence = "timed out";
    panel_.remotes[2].is_responsive->store(false);
    const auto begun = steady_clock::now();
    const auto answer = ask();
    EXPECT_LT(steady_clock::now() - begun, std::chrono::seconds(2));
    EXPECT_FALSE(answer.failure);
    EXPECT_THAT(answer.evidence[3].step_list(), HasSubstr("had not answered"));
    EXPECT_EQ(remotes_[2]->asked, 1);
}

TEST_F(QuorumValidatorTest, WhoIsALittleSlowerIsWrittenDownAsWell) {
    seat("RAP");
    remotes_[2]->delay = base::Milliseconds(20);
    fail(2);
    const auto answer = ask();
    EXPECT_FALSE(answer.failure);
    ASSERT_TRUE(answer.evidence[3].problem);
    EXPECT_EQ(answer.evidence[3].problem->detail, "no");
}

TEST_F(QuorumValidatorTest, AnAnswerMustComeInTime) {
    seat("R");
    panel_.deadline = base::Milliseconds(100);
    roster_.set(panel_);
    remotes_[0]->delay = std::chrono::seconds(2);
    const auto answer = ask();
    ASSERT_TRUE(answer.failure);
    EXPECT_EQ(answer.failure->problem.type, ProblemType::server_internal);
}

TEST_F(QuorumValidatorTest, WhoIsRemovedMeanwhileHasNoVote) {
    seat("RAP");
    panel_.dissent = 0;
    roster_.set(panel_);
    remotes_[1]->delay = base::Milliseconds(300);
    QuorumValidator validator(PolicyKind::private_ca, primary_, {roster_, clock_, *log_, votes_});
    auto asking = loop_.start(validator.validate(question()));
    while (remotes_[1]->asked == 0) std::this_thread::sleep_for(base::Milliseconds(1));
    Panel rest = panel_;
    rest.remotes.erase(rest.remotes.begin());
    roster_.set(rest);
    const auto answer = testing::EventLoop::result(std::move(asking));
    ASSERT_TRUE(answer.failure);
    EXPECT_THAT(answer.evidence[1].step_list(), HasSubstr("removed"));
}

TEST_F(QuorumValidatorTest, APublicCaGoesByTheBaselineRequirements) {
    seat("RRAP");
    // What a private one may say is nothing to a public one.
    panel_.dissent = 4;
    roster_.set(panel_);
    EXPECT_FALSE(ask(PolicyKind::public_ca).failure);
    fail(2);
    EXPECT_FALSE(ask(PolicyKind::public_ca).failure);
    fail(3);
    EXPECT_TRUE(ask(PolicyKind::public_ca).failure);
    EXPECT_FALSE(ask(PolicyKind::private_ca).failure);

    // From 2026-12-15 on there have to be five.
    remotes_[2]->problem.reset();
    remotes_[3]->problem.reset();
    clock_.set(*base::from_rfc3339("2026-12-15T00:00:00Z"));
    const auto answer = ask(PolicyKind::public_ca);
    ASSERT_TRUE(answer.failure);
    EXPECT_THAT(answer.failure->problem.detail, HasSubstr("demand 5"));
}

TEST_F(QuorumValidatorTest, CorroboratorsStandInSeveralRegions) {
    seat("RRA");
    panel_.regions = 2;
    roster_.set(panel_);
    EXPECT_FALSE(ask().failure);
    fail(2);
    EXPECT_TRUE(ask().failure);
}

TEST_F(QuorumValidatorTest, AProofLastsAsLongAsTheShortest) {
    seat("RAP");
    primary_.be_reliable_for(base::Seconds(300));
    remotes_[1]->reliable_for = base::Seconds(100);
    EXPECT_EQ(ask().reliable_for, base::Seconds(100));
}

TEST_F(QuorumValidatorTest, WhatTheCaLacksIsNoFinding) {
    seat("RAP");
    remotes_[0]->lacks = true;
    EXPECT_FALSE(ask().failure);
    remotes_[1]->lacks = true;
    EXPECT_THROW(ask(), base::Shortage);
    fail(2);  // somebody saw something against it
    EXPECT_TRUE(ask().failure);
    primary_.throw_each_time(std::runtime_error("no descriptors"));
    EXPECT_THROW(ask(), std::runtime_error);
}

}  // namespace
}  // namespace cairn::ca::quorum_validator_test
