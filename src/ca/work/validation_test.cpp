#include "ca/work/validation.h"

#include "ca/testing/bench.h"

namespace cairn::ca::testing::validation_test {
namespace {

using enum protocol::ChallengeType;
using enum protocol::ProblemType;
using Moment = StoreScript::Moment;
using Outlook = Validator::Failure::Outlook;
using protocol::AuthorizationStatus;
using protocol::ChallengeStatus;
using protocol::ChallengeType;
using protocol::Problem;

class ValidationTest : public Bench {
  protected:
    Authorization pending(const std::string& name = "www.example.org") {
        return placed(account.id, {name}).proofs.at(0);
    }
    base::Task<Authorization> respond(Authorization authorization,
                                      base::Milliseconds patience = 10s,
                                      ChallengeType method = http_01) {
        return validation().respond(std::move(authorization), account, method, just_now(),
                                    patience);
    }
    /// One whose attempt is recorded, and waits for the validator.
    Authorization under_way() {
        validator.gate().close();
        return await(respond(pending(), 0ms));
    }
    bool becomes(const AuthorizationId& id, AuthorizationStatus status) {
        return eventually([&] { return found(id).status(clock.now()) == status; });
    }

    const Account account = stored_account();
    const Problem no_answer{connection, "192.0.2.1:80: connection refused"};
};

TEST_F(ValidationTest, MakesAnAuthorizationValid) {
    const auto before = pending();
    const auto calls = script->total();
    clock.advance(1min);
    const auto valid = await(respond(before));
    EXPECT_EQ(valid.status(clock.now()), AuthorizationStatus::valid);
    EXPECT_EQ(valid.challenge_status(http_01), ChallengeStatus::valid);
    EXPECT_EQ(valid.attempt.value().finished, start_time + 1min);
    EXPECT_EQ(valid.expires, start_time + 1min + 240h) << "as long as a proof may be used again";
    EXPECT_EQ(found(before.id).attempt.value().request, "r1");

    const auto questions = validator.questions();
    ASSERT_EQ(questions.size(), 1U);
    EXPECT_EQ(questions[0].method, http_01);
    EXPECT_EQ(questions[0].identifier, before.identifier);
    EXPECT_EQ(questions[0].key_authorization,
              key_authorization(before.token, account.key.thumbprint()));
    // Written once, with its outcome, and nothing was read: the one more is of this test.
    EXPECT_EQ(script->count(StoreCall::finish_validation), 1);
    EXPECT_EQ(script->total() - calls, 2);
}

TEST_F(ValidationTest, SaysWhyItFailed) {
    validator.fail(no_answer);
    const auto invalid = await(respond(pending()));
    EXPECT_EQ(invalid.status(clock.now()), AuthorizationStatus::invalid);
    const auto problem = invalid.attempt.value().problem.value();
    EXPECT_EQ(problem.type, connection);
    EXPECT_EQ(problem.detail, no_answer.detail);
    EXPECT_EQ(found(invalid.id).status(clock.now()), AuthorizationStatus::invalid);
}

TEST_F(ValidationTest, RecordsWhatItTellsBeforeTheEnd) {
    const auto told = under_way();
    EXPECT_EQ(told.challenge_status(http_01), ChallengeStatus::processing);
    EXPECT_EQ(script->count(StoreCall::begin_validation), 1);
    EXPECT_EQ(found(told.id).attempt.value().request, "r1");

    auto poll = loop.start(validation().settled(told, 10s));
    validator.gate().open();
    EXPECT_EQ(EventLoop::result(std::move(poll)).status(clock.now()), AuthorizationStatus::valid);
    EXPECT_EQ(validator.questions().size(), 1U);
}

TEST_F(ValidationTest, TellsWhoPollsTooLongThatItIsUnderWay) {
    const auto told = under_way();
    EXPECT_EQ(await(validation().settled(told, 1ms)).challenge_status(http_01),
              ChallengeStatus::processing);
    validator.gate().open();
    EXPECT_TRUE(becomes(told.id, AuthorizationStatus::valid));
}

TEST_F(ValidationTest, ReadsNothingForWhoPollsWhatIsSettled) {
    const auto valid = await(respond(pending()));
    const auto calls = script->total();
    EXPECT_EQ(await(validation().settled(valid, 10s)).status(clock.now()),
              AuthorizationStatus::valid);
    EXPECT_EQ(script->total(), calls);
}

// Check 86.
TEST_F(ValidationTest, IsCarriedOutOnceForTwoRequestsAtOnce) {
    validator.gate().close();
    const auto authorization = pending();
    auto first = loop.start(respond(authorization));
    auto second = loop.start(respond(authorization));
    ASSERT_TRUE(validator.gate().is_reached());
    validator.gate().open();
    for (auto* each : {&first, &second})
        EXPECT_EQ(EventLoop::result(std::move(*each)).status(clock.now()),
                  AuthorizationStatus::valid);
    EXPECT_EQ(validator.questions().size(), 1U);
}

TEST_F(ValidationTest, RefusesASecondChallengeWhileOneIsTried) {
    const Refused refused{malformed, 400,
                          "another challenge of this authorization is being validated"};
    // The one that was read before the first request began, and the one that shows its attempt.
    const auto before = pending();
    validator.gate().close();
    const auto told = await(respond(before, 0ms));
    EXPECT_EQ(refusal(respond(before, 10s, dns_01)), refused);
    EXPECT_EQ(refusal(respond(told, 10s, dns_01)), refused);
}

TEST_F(ValidationTest, ShowsAgainWhatTheSameChallengeHasDecided) {
    validator.fail(no_answer);
    const auto invalid = await(respond(pending()));
    EXPECT_EQ(await(respond(invalid)).attempt.value().problem.value().detail, no_answer.detail);
    validator.succeed();
    const auto valid = await(respond(pending()));
    for (const auto method : {http_01, dns_01})
        EXPECT_EQ(await(respond(valid, 10s, method)).challenge_status(http_01),
                  ChallengeStatus::valid);
    EXPECT_EQ(validator.questions().size(), 2U);
}

TEST_F(ValidationTest, RefusesWhatCannotBeAttemptedAnyMore) {
    const std::string anew = "; a new order gives a new authorization";
    const auto deactivated = await(ordering().deactivate(pending()));
    EXPECT_EQ(refusal(respond(deactivated)),
              (Refused{malformed, 400, "the authorization was deactivated" + anew}));
    validator.fail(no_answer);
    const auto failed = await(respond(pending()));
    EXPECT_EQ(refusal(respond(failed, 10s, dns_01)),
              (Refused{malformed, 400,
                       "the authorization is invalid, because its http-01 challenge failed: " +
                           no_answer.detail + anew}));
    validator.succeed();
    const auto valid = await(respond(pending()));
    const auto expired = pending();
    clock.advance(241h);
    EXPECT_EQ(refusal(respond(expired)), (Refused{malformed, 400,
                                                  "the authorization expired at " +
                                                      base::to_rfc3339(expired.expires) + anew}));
    EXPECT_EQ(refusal(respond(valid)),
              (Refused{malformed, 400,
                       "the authorization expired at " + base::to_rfc3339(valid.expires) + anew}));
}

TEST_F(ValidationTest, WritesNothingForOneThatWasDeactivatedMeanwhile) {
    validator.gate().close();
    const auto authorization = pending();
    auto response = loop.start(respond(authorization));
    ASSERT_TRUE(validator.gate().is_reached());
    (void)await(ordering().deactivate(authorization));
    validator.gate().open();
    EXPECT_EQ(EventLoop::result(std::move(response)).status(clock.now()),
              AuthorizationStatus::deactivated);
    EXPECT_FALSE(found(authorization.id).attempt);
}

TEST_F(ValidationTest, RefusesAnAccountThatHasTooManyWaiting) {
    validation_options.in_flight = 0;
    restart();
    const auto specimen = pending();
    const auto another = [&] {
        auto authorization = specimen;
        authorization.id = AuthorizationId::fresh(start_time, random);
        facts->authorizations.emplace(authorization.id, authorization);
        return authorization;
    };
    constexpr int room = 20'000 / 9 + 1;
    for (int i = 0; i < room; ++i) (void)await(respond(another(), 0ms));
    try {
        (void)await(respond(another(), 0ms));
        FAIL() << "it was not refused";
    } catch (const Problem& problem) {
        EXPECT_EQ(problem.type, rate_limited);
        EXPECT_EQ(problem.detail,
                  "too many validations of this account are under way; they have to end first");
        EXPECT_EQ(problem.retry_after, 10s);
    }
}

// Check 89.
TEST_F(ValidationTest, TriesAgainWhatMayHeal) {
    validation_options.retry_for = 60s;
    restart();
    validator.fail(no_answer, Outlook::may_heal);
    const auto told = await(respond(pending()));  // the end of the first try
    EXPECT_EQ(told.challenge_status(http_01), ChallengeStatus::processing);
    EXPECT_EQ(told.attempt.value().problem.value().detail, no_answer.detail)
        << "why the latest try failed";
    validator.fail(Problem(dns, "no address"));
    ASSERT_TRUE(becomes(told.id, AuthorizationStatus::invalid));
    const auto problem = found(told.id).attempt.value().problem.value();
    EXPECT_EQ(problem.detail, "no address");
    ASSERT_EQ(problem.subproblems.size(), 2U);
    EXPECT_EQ(problem.subproblems[0].detail, no_answer.detail);
    EXPECT_EQ(problem.subproblems[1].detail, "no address");
}

TEST_F(ValidationTest, TriesNothingAgainForLongerThanTheOperatorWants) {
    validator.fail(no_answer, Outlook::may_heal);
    EXPECT_EQ(await(respond(pending())).status(clock.now()), AuthorizationStatus::invalid);
}

TEST_F(ValidationTest, BlamesTheCaWhereTheValidatorIsBroken) {
    validator.throw_each_time(std::logic_error("a bug"));
    const auto problem = await(respond(pending())).attempt.value().problem.value();
    EXPECT_EQ(problem.type, server_internal);
    EXPECT_EQ(problem.detail, "the CA could not carry out the validation");
}

// Check 92.
TEST_F(ValidationTest, IsTakenUpByTheNextProcess) {
    const auto told = under_way();
    restart();
    EXPECT_EQ(found(told.id).challenge_status(http_01), ChallengeStatus::processing);
    validator.gate().open();
    validation().start();
    EXPECT_TRUE(becomes(told.id, AuthorizationStatus::valid));
    EXPECT_EQ(found(told.id).attempt.value().request, "r1");
}

// RFC 8555 section 7.3.5: what was prepared with the old key fails.
// Check 67.
TEST_F(ValidationTest, GoesByTheKeyThatTheAccountHasWhenItIsTakenUp) {
    const auto told = under_way();
    restart();
    const auto key = fresh_key();
    await(registration().change_key(account, key, just_now()));
    validator.gate().open();
    validation().start();
    ASSERT_TRUE(becomes(told.id, AuthorizationStatus::valid));
    EXPECT_EQ(validator.questions().back().key_authorization,
              key_authorization(told.token, key.thumbprint()));
}

TEST_F(ValidationTest, FailsForAnAccountThatWasDeactivatedMeanwhile) {
    const auto told = under_way();
    restart();
    (void)await(repository.deactivate_account(account.id, clock.now()));
    validation().start();
    ASSERT_TRUE(becomes(told.id, AuthorizationStatus::invalid));
    const auto problem = found(told.id).attempt.value().problem.value();
    EXPECT_EQ(problem.type, unauthorized);
    EXPECT_EQ(problem.detail, "the account was deactivated");
    EXPECT_EQ(validator.questions().size(), 1U) << "nobody was asked again";
}

// The request records the attempt, since its job has not written an outcome.
TEST_F(ValidationTest, OutlivesAStoreThatIsAwayForAMoment) {
    script->fail(StoreCall::finish_validation, Moment::before,
                 StoreUnavailable("the disk is full"));
    const auto told = await(respond(pending(), 100ms));
    EXPECT_EQ(told.challenge_status(http_01), ChallengeStatus::processing);
    ASSERT_TRUE(eventually([&] { return tally.count(Observer::JobEnding::left) == 1; }));
    validation().start();
    EXPECT_TRUE(becomes(told.id, AuthorizationStatus::valid));
}

}  // namespace
}  // namespace cairn::ca::testing::validation_test
