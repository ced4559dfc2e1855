#include "ca/work/standing_proofs.h"

#include <gmock/gmock.h>

#include "ca/testing/bench.h"

namespace cairn::ca::testing::standing_proofs_test {
namespace {

using protocol::AuthorizationStatus;
using protocol::ChallengeType;
using enum protocol::ProblemType;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class StandingProofsTest : public Bench {
  protected:
    StandingProofsTest() {
        challenge_choices.types = {ChallengeType::http_01, ChallengeType::dns_persist_01};
        challenge_choices.issuer_names = {"ca.example"};
        validation_options.challenges = challenge_choices.types;
        validation_options.inquiry = {
            .account_url = [](const AccountId& id) { return "https://ca/" + id.to_string(); },
            .caa_identities = {},
            .issuer_names = {"ca.example"}};
        account.emplace(stored_account());
    }
    /// What is seen when an order for these names is placed.
    std::vector<Authorization> seen(const std::vector<Authorization>& proofs,
                                    base::Milliseconds patience = 10s) {
        return await(standing().look(proofs, *account, just_now(), patience));
    }
    std::vector<Authorization> pending(const std::vector<std::string>& names) {
        return placed(account->id, names).proofs;
    }
    AuthorizationStatus stored_status(const Authorization& proof) {
        return found(proof.id).status(clock.now());
    }

    std::optional<Account> account;
};

TEST_F(StandingProofsTest, MakesAnAuthorizationValidWithoutItsClient) {
    const auto proofs = pending({"a.example.org", "b.example.org"});
    EXPECT_TRUE(StandingProofs::concern(proofs));
    const auto after = seen(proofs);
    ASSERT_THAT(after, SizeIs(2));
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(after[i].id, proofs[i].id);
        EXPECT_EQ(after[i].status(clock.now()), AuthorizationStatus::valid);
        EXPECT_EQ(after[i].attempt->method, ChallengeType::dns_persist_01);
        EXPECT_EQ(stored_status(proofs[i]), AuthorizationStatus::valid);
        EXPECT_EQ(found(proofs[i].id).attempt->request, "r1");
    }
    const auto question = validator.questions().at(0);
    EXPECT_EQ(question.account_url, "https://ca/" + account->id.to_string());
    EXPECT_EQ(question.method, ChallengeType::dns_persist_01);
    ASSERT_THAT(question.issuer_names, SizeIs(1));
}

TEST_F(StandingProofsTest, LeavesEverythingAsItWasWhereNoneStands) {
    validator.fail({unauthorized, "no record"});
    const auto proofs = pending({"a.example.org"});
    const auto after = seen(proofs);
    EXPECT_EQ(after[0].status(clock.now()), AuthorizationStatus::pending);
    EXPECT_FALSE(after[0].attempt);
    EXPECT_FALSE(found(proofs[0].id).attempt);

    // Its client answers a challenge as ever.
    validator.succeed();
    const auto proved = await(validation().respond(found(proofs[0].id), *account,
                                                   ChallengeType::http_01, just_now(), 10s));
    EXPECT_EQ(proved.status(clock.now()), AuthorizationStatus::valid);
}

TEST_F(StandingProofsTest, LooksForNothingThatIsProvedOrProvedOtherwise) {
    auto proofs = pending({"a.example.org"});
    prove(proofs[0]);
    EXPECT_THAT(seen({found(proofs[0].id)}), SizeIs(1));
    challenge_choices.types = {ChallengeType::http_01};
    restart();
    proofs = pending({"b.example.org"});
    EXPECT_FALSE(StandingProofs::concern(proofs));
    EXPECT_THAT(seen(proofs), SizeIs(1));
    EXPECT_THAT(validator.questions(), IsEmpty());
}

TEST_F(StandingProofsTest, WaitsNoLongerThanItsPatienceAndGoesOn) {
    validator.gate().close();
    const auto proofs = pending({"a.example.org"});
    EXPECT_EQ(seen(proofs, 1ms)[0].status(clock.now()), AuthorizationStatus::pending);
    validator.gate().open();
    EXPECT_TRUE(eventually([&] { return stored_status(proofs[0]) == AuthorizationStatus::valid; }));
}

TEST_F(StandingProofsTest, YieldsToTheChallengeThatAClientAnswersMeanwhile) {
    validator.gate().close();
    const auto proofs = pending({"a.example.org"});
    auto looking = loop.start(standing().look(proofs, *account, just_now(), 10s));
    EXPECT_TRUE(eventually([&] { return validator.questions().size() == 1; }));
    // Recorded, since it takes long.
    const auto answered = await(validation().respond(found(proofs[0].id), *account,
                                                     ChallengeType::http_01, just_now(), 1ms));
    EXPECT_EQ(answered.challenge_status(ChallengeType::http_01),
              protocol::ChallengeStatus::processing);
    validator.gate().open();
    EXPECT_EQ(EventLoop::result(std::move(looking)).size(), 1U);
    EXPECT_TRUE(eventually([&] { return stored_status(proofs[0]) == AuthorizationStatus::valid; }));
    EXPECT_EQ(found(proofs[0].id).attempt->method, ChallengeType::http_01);
}

TEST_F(StandingProofsTest, IsLostWithoutHarmWhereTheStoreIsAway) {
    script->fail(StoreCall::finish_validation, StoreScript::Moment::before,
                 StoreUnavailable("disk full"));
    const auto proofs = pending({"a.example.org"});
    EXPECT_EQ(seen(proofs)[0].status(clock.now()), AuthorizationStatus::pending);
    EXPECT_EQ(seen(proofs)[0].status(clock.now()), AuthorizationStatus::valid);
}

TEST_F(StandingProofsTest, LastsAsLongAsItMayBeReliedOn) {
    validator.be_reliable_for(2h);
    const auto after = seen(pending({"a.example.org"}));
    EXPECT_EQ(after[0].expires, start_time + 2h);
    EXPECT_EQ(found(after[0].id).expires, start_time + 2h);
}

}  // namespace
}  // namespace cairn::ca::testing::standing_proofs_test
