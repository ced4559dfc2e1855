#include "store/testing/authorization_contract.h"

#include <algorithm>

namespace cairn::store::testing::authorization_contract_test {
namespace {

using protocol::ChallengeType;
using protocol::ProblemType;

INSTANTIATE_TEST_SUITE_P(, AuthorizationContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(AuthorizationContract, KeepsEveryFact) {
    for (const auto* name : {"example.org", "*.example.org", "192.0.2.1", "2001:db8::1"}) {
        const auto authorization = stored(account.id, name);
        expect_same(found(authorization.id), authorization);
    }
    auto one_challenge = make.authorization(account.id, "one.example.org");
    one_challenge.offered = {ChallengeType::dns_01};
    await(store().create_order(make.order(account.id, {one_challenge}), {one_challenge},
                               std::nullopt));
    reopen();
    expect_same(found(one_challenge.id), one_challenge);
}

TEST_P(AuthorizationContract, FindsNothingWhereNothingIs) {
    EXPECT_FALSE(await(store().find_authorization(make.authorization_id())));
    EXPECT_TRUE(await(store().find_authorizations({})).empty());
    EXPECT_TRUE(await(store().find_valid_authorizations(account.id, {}, now)).empty());
}

TEST_P(AuthorizationContract, FindsManyInTheOrderAsked) {
    const auto first = stored(account.id, "a.example.org");
    const auto second = stored(account.id, "b.example.org");
    const auto results = await(store().find_authorizations({second.id, first.id, second.id}));
    ASSERT_EQ(results.size(), 3U);
    expect_same(results[0], second);
    expect_same(results[1], first);
    expect_same(results[2], second);
    EXPECT_THROW(await(store().find_authorizations({first.id, make.authorization_id()})),
                 std::runtime_error);
}

TEST_P(AuthorizationContract, BeginsOneValidation) {
    auto authorization = stored(account.id, "example.org");
    EXPECT_TRUE(await(store().begin_validation(
        authorization.id,
        {.method = ChallengeType::dns_01, .started = now + 1s, .request = "4b1d-8"})));
    authorization.attempt = {
        .method = ChallengeType::dns_01, .started = now + 1s, .request = "4b1d-8"};
    expect_same(found(authorization.id), authorization);
    EXPECT_FALSE(
        await(store().begin_validation(authorization.id, {ChallengeType::http_01, now + 2s})));
    expect_same(found(authorization.id), authorization);
}

TEST_P(AuthorizationContract, BeginsOneValidationOfFiftyAtOnce) {
    const auto authorization = stored(account.id, "example.org");
    std::vector<base::Task<bool>> attempts;
    for (int i = 0; i < 50; ++i) {
        attempts.push_back(store().begin_validation(
            authorization.id, {ChallengeType::http_01, now + base::Seconds(i)}));
    }
    const auto results = await_all(std::move(attempts));
    ASSERT_EQ(std::ranges::count(results, true), 1);
    const auto winner = std::ranges::find(results, true) - results.begin();
    EXPECT_EQ(found(authorization.id).attempt.value().started, now + base::Seconds(winner));
}

TEST_P(AuthorizationContract, BeginsNoValidationThatCannotSucceed) {
    const auto lapsed = stored(account.id, "lapsed.example.org");
    EXPECT_FALSE(
        await(store().begin_validation(lapsed.id, {ChallengeType::http_01, lapsed.expires})));
    const auto deactivated = stored(account.id, "deactivated.example.org");
    await(store().deactivate_authorization(deactivated.id, now));
    EXPECT_FALSE(await(store().begin_validation(deactivated.id, {ChallengeType::http_01, now})));
    EXPECT_FALSE(
        await(store().begin_validation(make.authorization_id(), {ChallengeType::http_01, now})));
    EXPECT_FALSE(found(lapsed.id).attempt);
    EXPECT_FALSE(found(deactivated.id).attempt);
}

TEST_P(AuthorizationContract, EndsAValidationWithSuccess) {
    auto authorization = stored(account.id, "example.org");
    await(store().begin_validation(authorization.id, {ChallengeType::tls_alpn_01, now}));
    // The proof may come in after the deadline for beginning.
    const auto finished = authorization.expires + 1s;
    EXPECT_TRUE(await(finish(authorization.id, finished, std::nullopt, finished + 24h,
                             ChallengeType::tls_alpn_01)));
    authorization.expires = finished + 24h;
    authorization.attempt = {
        .method = ChallengeType::tls_alpn_01,
        .started = now,
        .finished = finished,
        .problem = std::nullopt,
    };
    expect_same(found(authorization.id), authorization);

    EXPECT_FALSE(await(finish(authorization.id, finished + 1s, failure, now)));
    expect_same(found(authorization.id), authorization);
}

TEST_P(AuthorizationContract, EndsAValidationWithFailure) {
    auto authorization = stored(account.id, "example.org");
    await(store().begin_validation(
        authorization.id, {.method = ChallengeType::http_01, .started = now, .request = "4b1d-a"}));
    failure.status = 403;
    failure.subproblems = {{ProblemType::dns, "no address", std::pair("dns", "example.org")}};
    EXPECT_TRUE(await(finish(authorization.id, now + 1s, failure, now + 24h)));
    authorization.attempt = {
        .method = ChallengeType::http_01,
        .started = now,
        .finished = now + 1s,
        .problem = failure,
        .request = "4b1d-a",  // as it was recorded
    };
    expect_same(found(authorization.id), authorization);

    EXPECT_FALSE(await(finish(authorization.id, now, std::nullopt, now + 24h)));
    EXPECT_FALSE(await(store().begin_validation(authorization.id, {ChallengeType::http_01, now})));
    expect_same(found(authorization.id), authorization);
}

TEST_P(AuthorizationContract, EndsAValidationThatWasNotRecorded) {
    auto authorization = stored(account.id, "example.org");
    const auto started = authorization.expires - 2s;
    const auto finished = authorization.expires - 1s;
    const ca::ValidationAttempt attempt{ChallengeType::dns_01, started, finished, std::nullopt,
                                        "4b1d-9"};
    EXPECT_TRUE(
        await(store().finish_validation(authorization.id, attempt, finished + 24h)).is_recorded);
    authorization.attempt = attempt;
    authorization.expires = finished + 24h;
    expect_same(found(authorization.id), authorization);
    reopen();
    expect_same(found(authorization.id), authorization);

    EXPECT_FALSE(
        await(store().finish_validation(authorization.id, attempt, finished + 48h)).is_recorded);
    EXPECT_FALSE(
        await(store().begin_validation(authorization.id, {ChallengeType::dns_01, started})));
    expect_same(found(authorization.id), authorization);
}

TEST_P(AuthorizationContract, EndsNoValidationThatCouldNotHaveBegun) {
    const auto deactivated = stored(account.id, "deactivated.example.org");
    await(store().deactivate_authorization(deactivated.id, now));
    EXPECT_FALSE(await(finish(deactivated.id, now, std::nullopt, now + 24h)));

    const auto lapsed = stored(account.id, "lapsed.example.org");
    // It began in time; but the authorization has been told to be invalid before its end.
    const ca::ValidationAttempt late{ChallengeType::http_01, lapsed.expires - 1s, lapsed.expires,
                                     std::nullopt};
    EXPECT_FALSE(
        await(store().finish_validation(lapsed.id, late, lapsed.expires + 24h)).is_recorded);
    expect_same(found(lapsed.id), lapsed);

    const auto other = stored(account.id, "other.example.org");
    await(store().begin_validation(other.id, {ChallengeType::dns_01, now}));
    EXPECT_FALSE(await(finish(other.id, now, std::nullopt, now + 24h)));
    EXPECT_FALSE(found(other.id).attempt.value().finished);

    EXPECT_FALSE(await(finish(make.authorization_id(), now, std::nullopt, now + 24h)));
}

TEST_P(AuthorizationContract, EndsOneValidationOfFiftyAtOnce) {
    const auto authorization = stored(account.id, "example.org");
    await(store().begin_validation(authorization.id, {ChallengeType::http_01, now}));
    std::vector<base::Task<bool>> ends;
    for (int i = 0; i < 50; ++i) {
        ends.push_back(finish(authorization.id, now + base::Seconds(i),
                              i % 2 == 0 ? std::optional(failure) : std::nullopt, now + 24h));
    }
    const auto results = await_all(std::move(ends));
    ASSERT_EQ(std::ranges::count(results, true), 1);
    const auto winner = std::ranges::find(results, true) - results.begin();
    const auto attempt = found(authorization.id).attempt.value();
    EXPECT_EQ(attempt.finished, now + base::Seconds(winner));
    EXPECT_EQ(attempt.problem.has_value(), winner % 2 == 0);
}

TEST_P(AuthorizationContract, DeactivatesWhatIsPendingOrValid) {
    auto pending = stored(account.id, "pending.example.org");
    EXPECT_TRUE(await(store().deactivate_authorization(pending.id, now)));
    pending.deactivated = now;
    EXPECT_FALSE(await(store().deactivate_authorization(pending.id, now + 1s)));
    expect_same(found(pending.id), pending);

    auto valid = stored_valid(account.id, "valid.example.org");
    EXPECT_TRUE(await(store().deactivate_authorization(valid.id, now)));
    valid.deactivated = now;
    expect_same(found(valid.id), valid);
}

TEST_P(AuthorizationContract, DeactivatesNothingElse) {
    const auto processing = stored(account.id, "processing.example.org");
    await(store().begin_validation(processing.id, {ChallengeType::http_01, now}));
    EXPECT_FALSE(await(store().deactivate_authorization(processing.id, now)));

    const auto failed = stored(account.id, "failed.example.org");
    await(store().begin_validation(failed.id, {ChallengeType::http_01, now}));
    await(finish(failed.id, now, failure, now));
    EXPECT_FALSE(await(store().deactivate_authorization(failed.id, now)));

    const auto lapsed = stored(account.id, "lapsed.example.org");
    EXPECT_FALSE(await(store().deactivate_authorization(lapsed.id, lapsed.expires)));
    const auto expired = stored_valid(account.id, "expired.example.org", now + 24h);
    EXPECT_FALSE(await(store().deactivate_authorization(expired.id, now + 24h)));
    EXPECT_FALSE(await(store().deactivate_authorization(make.authorization_id(), now)));

    for (const auto& id : {processing.id, failed.id, lapsed.id, expired.id})
        EXPECT_FALSE(found(id).deactivated);
}

TEST_P(AuthorizationContract, FindsTheValidOneThatLapsesLast) {
    stored_valid(account.id, "example.org", now + 10h);
    const auto last = stored_valid(account.id, "example.org", now + 30h);
    stored_valid(account.id, "example.org", now + 20h);
    const auto wildcard = stored_valid(account.id, "*.example.org");
    const auto address = stored_valid(account.id, "192.0.2.1");

    const auto results = await(store().find_valid_authorizations(
        account.id,
        {identifier("192.0.2.1"), identifier("nothing.example.org"), identifier("*.example.org"),
         identifier("example.org"), identifier("192.0.2.2")},
        now));
    ASSERT_EQ(results.size(), 5U);
    expect_found(results[0], address);
    EXPECT_FALSE(results[1]);
    expect_found(results[2], wildcard);
    expect_found(results[3], last);
    EXPECT_FALSE(results[4]);
}

TEST_P(AuthorizationContract, FindsNoneThatIsNotValid) {
    const auto name = std::string("example.org");
    const auto none_valid = [&](base::Time at) {
        return !await(store().find_valid_authorizations(account.id, {identifier(name)}, at)).at(0);
    };
    stored(account.id, name);
    EXPECT_TRUE(none_valid(now)) << "pending";

    const auto processing = stored(account.id, name);
    await(store().begin_validation(processing.id, {ChallengeType::http_01, now}));
    EXPECT_TRUE(none_valid(now)) << "being validated";

    await(finish(processing.id, now, failure, now + 24h));
    EXPECT_TRUE(none_valid(now)) << "failed";

    const auto valid = stored_valid(account.id, name, now + 24h);
    EXPECT_FALSE(none_valid(now + 24h - 1s));
    EXPECT_TRUE(none_valid(now + 24h)) << "expired";

    await(store().deactivate_authorization(valid.id, now));
    EXPECT_TRUE(none_valid(now)) << "deactivated";
}

TEST_P(AuthorizationContract, FindsNoneOfAnotherAccount) {
    const auto other = stored_account();
    stored_valid(other.id, "example.org");
    stored_valid(other.id, "*.example.org");
    const auto results = await(store().find_valid_authorizations(
        account.id, {identifier("example.org"), identifier("*.example.org")}, now));
    EXPECT_FALSE(results.at(0));
    EXPECT_FALSE(results.at(1));
}

TEST_P(AuthorizationContract, ListsUnfinishedValidationsOldestFirst) {
    EXPECT_TRUE(await(store().claim_unfinished_validations(10)).empty());
    std::vector<ca::AuthorizationId> begun;
    for (int i = 0; i < 4; ++i) {
        begun.push_back(stored(account.id, "example.org").id);
        await(store().begin_validation(begun.back(),
                                       {ChallengeType::http_01, now + base::Seconds(10 - i)}));
    }
    stored(account.id, "pending.example.org");
    stored_valid(account.id, "valid.example.org");
    std::ranges::reverse(begun);

    EXPECT_EQ(unfinished(10), begun);
    EXPECT_EQ(unfinished(2), std::vector(begun.begin(), begun.begin() + 2));

    await(finish(begun[0], now, std::nullopt, now + 24h));
    await(finish(begun[2], now, failure, now + 24h));
    reopen();
    EXPECT_EQ(unfinished(10), (std::vector{begun[1], begun[3]}));
}

TEST_P(AuthorizationContract, ListsEachAccountsFirstBeforeAnybodysSecond) {
    const auto other = stored_account();
    std::vector<ca::AuthorizationId> ours, theirs;
    for (int i = 0; i < 5; ++i) {
        ours.push_back(stored(account.id, "example.org").id);
        await(store().begin_validation(ours.back(),
                                       {ChallengeType::http_01, now + base::Seconds(i)}));
    }
    for (int i = 0; i < 2; ++i) {
        theirs.push_back(stored(other.id, "example.net").id);
        await(store().begin_validation(theirs.back(),
                                       {ChallengeType::http_01, now + base::Seconds(100 + i)}));
    }
    EXPECT_EQ(unfinished(5), (std::vector{ours[0], theirs[0], ours[1], theirs[1], ours[2]}));
    const auto jobs = await(store().claim_unfinished_validations(2));
    EXPECT_EQ(jobs.at(1).account, other.id);
    EXPECT_EQ(jobs.at(1).identifier, identifier("example.net"));
}

TEST_P(AuthorizationContract, NotesTriesThatFailed) {
    const auto id = stored(account.id, "example.org").id;
    const ca::ValidationAttempt tried{ChallengeType::http_01, now, std::nullopt, failure,
                                      "request"};
    EXPECT_TRUE(await(store().note_failed_try(id, tried, now)));
    reopen();
    const auto noted = found(id);
    EXPECT_EQ(noted.status(now), protocol::AuthorizationStatus::pending);
    EXPECT_EQ(noted.challenge_status(ChallengeType::http_01),
              protocol::ChallengeStatus::processing);
    EXPECT_EQ(noted.attempt.value().problem.value().detail, failure.detail);
    EXPECT_EQ(noted.attempt.value().request, "request");
    EXPECT_EQ(unfinished(10), std::vector{id});

    // The beginning stays what it was.
    auto again = tried;
    again.started = now + base::Seconds(9);
    again.request = "another";
    again.problem->detail = "the second";
    EXPECT_TRUE(await(store().note_failed_try(id, again, now)));
    const auto twice = found(id);
    EXPECT_EQ(twice.attempt.value().problem.value().detail, "the second");
    EXPECT_EQ(twice.attempt.value().started, now);
    EXPECT_EQ(twice.attempt.value().request, "request");

    EXPECT_TRUE(await(finish(id, now, std::nullopt, now + 24h)));
    EXPECT_FALSE(await(store().note_failed_try(id, tried, now))) << "it has ended";
    EXPECT_EQ(found(id).status(now), protocol::AuthorizationStatus::valid);
}

TEST_P(AuthorizationContract, NotesNoTryOfWhatCannotBeAttempted) {
    const ca::ValidationAttempt tried{ChallengeType::http_01, now, std::nullopt, failure, ""};
    const auto deactivated = stored(account.id, "example.org").id;
    await(store().deactivate_authorization(deactivated, now));
    EXPECT_FALSE(await(store().note_failed_try(deactivated, tried, now)));
    const auto other_method = stored(account.id, "example.org").id;
    await(store().begin_validation(other_method, {ChallengeType::dns_01, now}));
    EXPECT_FALSE(await(store().note_failed_try(other_method, tried, now)));
    const auto expired = stored(account.id, "example.org");
    EXPECT_FALSE(await(store().note_failed_try(expired.id, tried, expired.expires)));
}

}  // namespace
}  // namespace cairn::store::testing::authorization_contract_test
