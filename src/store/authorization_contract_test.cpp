#include <algorithm>

#include "store/testing/repository_contract.h"

namespace cairn::store::testing {
namespace {

using protocol::ChallengeType;
using protocol::Problem;
using protocol::ProblemType;

class AuthorizationContract : public RepositoryContract {
  protected:
    /// A pending authorization that the store has.
    ca::Authorization stored(const ca::AccountId& owner, const std::string& name) {
        return stored_order(owner, {name}).proofs.at(0);
    }
    /// The same after validation, valid until `expires`.
    ca::Authorization stored_valid(const ca::AccountId& owner, const std::string& name,
                                   base::Time expires = now + 24h) {
        const auto pending = stored(owner, name);
        EXPECT_TRUE(await(store().begin_validation(pending.id, {ChallengeType::http_01, now})));
        EXPECT_TRUE(await(finish(pending.id, now, std::nullopt, expires)));
        return found(pending.id);
    }
    ca::Authorization found(const ca::AuthorizationId& id) {
        return await(store().find_authorization(id)).value();
    }

    /// Ends an attempt that started at `now`.
    base::Task<bool> finish(const ca::AuthorizationId& id, base::Time finished,
                            std::optional<Problem> problem, base::Time expires,
                            ChallengeType method = ChallengeType::http_01) {
        ca::ValidationAttempt attempt{method, now, finished, std::move(problem)};
        return store().finish_validation(id, std::move(attempt), expires);
    }

    ca::Account account = stored_account();
    Problem failure{ProblemType::connection, "no route to 192.0.2.1", 400};
};
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
    EXPECT_TRUE(await(store().finish_validation(authorization.id, attempt, finished + 24h)));
    authorization.attempt = attempt;
    authorization.expires = finished + 24h;
    expect_same(found(authorization.id), authorization);
    reopen();
    expect_same(found(authorization.id), authorization);

    EXPECT_FALSE(await(store().finish_validation(authorization.id, attempt, finished + 48h)));
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
    EXPECT_FALSE(await(store().finish_validation(lapsed.id, late, lapsed.expires + 24h)));
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

// Of an order that is placed with these names and may stand on what is valid beyond
// `lapsing_after`.
class ReuseContract : public AuthorizationContract {
  protected:
    struct Placed {
        ca::Order order;
        std::vector<ca::Authorization> fresh;
        std::vector<std::optional<ca::Authorization>> reused;
    };
    Placed place(const std::vector<std::string>& names, base::Time lapsing_after = now,
                 base::Time finished_after = now - 24h) {
        std::vector<ca::Authorization> fresh;
        for (const auto& name : names) fresh.push_back(make.authorization(account.id, name));
        auto order = make.order(account.id, fresh);
        const ca::OrderStore::Reuse reuse{finished_after, lapsing_after};
        auto reused = await(store().create_order(order, fresh, reuse));
        return {std::move(order), std::move(fresh), std::move(reused)};
    }
    /// Whether an order for `name` is placed on another authorization than the one it came with.
    bool is_reused(const std::string& name, base::Time lapsing_after = now,
                   base::Time finished_after = now - 24h) {
        const auto placed = place({name}, lapsing_after, finished_after);
        const bool was_added = await(store().find_authorization(placed.fresh.at(0).id)).has_value();
        EXPECT_NE(placed.reused.at(0).has_value(), was_added);
        return placed.reused.at(0).has_value();
    }
};
INSTANTIATE_TEST_SUITE_P(, ReuseContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(ReuseContract, PutsTheValidOneThatLapsesLastInTheFreshOnesPlace) {
    stored_valid(account.id, "b.example.org", now + 10h);
    const auto last = stored_valid(account.id, "b.example.org", now + 30h);
    const auto wildcard = stored_valid(account.id, "*.c.example.org");
    const auto placed =
        place({"a.example.org", "b.example.org", "c.example.org", "*.c.example.org"});
    ASSERT_EQ(placed.reused.size(), 4U);
    EXPECT_FALSE(placed.reused[0]);
    expect_found(placed.reused[1], last);
    EXPECT_FALSE(placed.reused[2]);
    expect_found(placed.reused[3], wildcard);

    const std::vector<ca::AuthorizationId> expected{placed.fresh[0].id, last.id, placed.fresh[2].id,
                                                    wildcard.id};
    EXPECT_EQ(await(store().find_order(placed.order.id))->authorizations, expected);
    reopen();
    EXPECT_EQ(await(store().find_order(placed.order.id))->authorizations, expected);
    expect_found(await(store().find_authorization(placed.fresh[0].id)), placed.fresh[0]);
    for (const std::size_t i : {1U, 3U})
        EXPECT_FALSE(await(store().find_authorization(placed.fresh[i].id)));
}

TEST_P(ReuseContract, StandsOnNoneThatIsNotValid) {
    const auto name = std::string("example.org");
    stored(account.id, name);
    EXPECT_FALSE(is_reused(name)) << "pending";

    const auto processing = stored(account.id, name);
    await(store().begin_validation(processing.id, {ChallengeType::http_01, now}));
    EXPECT_FALSE(is_reused(name)) << "being validated";
    await(finish(processing.id, now, failure, now + 24h));
    EXPECT_FALSE(is_reused(name)) << "failed";

    const auto valid = stored_valid(account.id, name, now + 24h);
    EXPECT_TRUE(is_reused(name, now + 24h - 1s));
    EXPECT_FALSE(is_reused(name, now + 24h)) << "lapses";
    const auto finished = *found(valid.id).attempt->finished;
    EXPECT_TRUE(is_reused(name, now, finished - 1s));
    EXPECT_FALSE(is_reused(name, now, finished)) << "too old";

    await(store().deactivate_authorization(valid.id, now));
    EXPECT_FALSE(is_reused(name)) << "deactivated";

    stored_valid(stored_account().id, name);
    EXPECT_FALSE(is_reused(name)) << "another account's";
}

TEST_P(ReuseContract, LeavesAllFreshWhereNothingMayBeReused) {
    stored_valid(account.id, "example.org", now + 24h);
    const auto fresh = make.authorization(account.id, "example.org");
    const auto order = make.order(account.id, {fresh});
    const auto reused = await(store().create_order(order, {fresh}, std::nullopt));
    ASSERT_EQ(reused.size(), 1U);
    EXPECT_FALSE(reused[0]);
    EXPECT_EQ(await(store().find_order(order.id))->authorizations, order.authorizations);
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

    EXPECT_EQ(await(store().claim_unfinished_validations(10)), begun);
    EXPECT_EQ(await(store().claim_unfinished_validations(2)),
              std::vector(begun.begin(), begun.begin() + 2));

    await(finish(begun[0], now, std::nullopt, now + 24h));
    await(finish(begun[2], now, failure, now + 24h));
    reopen();
    EXPECT_EQ(await(store().claim_unfinished_validations(10)), (std::vector{begun[1], begun[3]}));
}

}  // namespace
}  // namespace cairn::store::testing
