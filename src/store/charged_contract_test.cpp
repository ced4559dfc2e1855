// Calls that write and take from token buckets in the same step.
#include <algorithm>

#include "store/key_obstacle.h"
#include "store/testing/authorization_contract.h"

namespace cairn::store::testing::charged_contract_test {
namespace {

using protocol::ChallengeType;

class ChargedContract : public AuthorizationContract {
  protected:
    static constexpr std::int64_t capacity = 2;
    /// One of a bucket that holds two, and fills within an hour.
    static ca::Charges one_of(const std::string& bucket) { return {{bucket, capacity, 1h, 1}}; }
    /// How much the bucket holds; if that is all, it is taken.
    std::int64_t held_by(const std::string& bucket) {
        const auto decision = await(store().charge({{bucket, capacity, 1h, capacity}}, now));
        return decision.accepted ? capacity : decision.remaining.at(0);
    }
    ca::ValidationAttempt failed_attempt() const {
        return {ChallengeType::http_01, now, now, failure};
    }
    static void expect_refused(const ca::ChargeDecision& decision) {
        EXPECT_FALSE(decision.accepted);
        EXPECT_EQ(decision.refused_by, 0U);
        EXPECT_EQ(decision.retry_at, now + 30min);
        EXPECT_EQ(decision.remaining, std::vector<std::int64_t>{0});
    }
};
INSTANTIATE_TEST_SUITE_P(, ChargedContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(ChargedContract, CreatesAnAccountAndTakesForItOrDoesNeither) {
    for (std::int64_t i = 1; i <= capacity; ++i) {
        const auto made = make.account();
        const auto creation = await(store().create_account(made, one_of("accounts")));
        EXPECT_TRUE(creation.created);
        EXPECT_TRUE(creation.decision.accepted);
        EXPECT_EQ(creation.decision.remaining, std::vector<std::int64_t>{capacity - i});
        expect_found(await(store().find_account(made.id)), made);
    }
    auto late = make.account();
    const auto refused = await(store().create_account(late, one_of("accounts")));
    EXPECT_FALSE(refused.created);
    EXPECT_FALSE(refused.refusal);
    expect_refused(refused.decision);
    EXPECT_FALSE(await(store().find_account(late.id)));
    EXPECT_FALSE(await(store().find_account_by_key(late.key.thumbprint())));
    reopen();
    EXPECT_FALSE(await(store().find_account(late.id)));

    late.created = now + 30min;
    EXPECT_TRUE(await(store().create_account(late, one_of("accounts"))).created);
}

TEST_P(ChargedContract, TakesNothingForAnAccountThatIsThereOrCannotBe) {
    auto second = make.account();
    second.key = account.key;
    const auto existing = await(store().create_account(second, one_of("accounts")));
    EXPECT_FALSE(existing.created);
    EXPECT_EQ(existing.account.id, account.id);
    EXPECT_TRUE(existing.decision.accepted);

    const auto blocked = make.account();
    await(store().block_key(key_id_of(blocked.key)));
    const auto refused = await(store().create_account(blocked, one_of("accounts")));
    EXPECT_EQ(refused.refusal, ca::AccountStore::KeyRefusal::blocked);
    EXPECT_TRUE(refused.decision.accepted);
    EXPECT_EQ(held_by("accounts"), capacity);

    // Whoever is there already is told so, whatever the bucket holds.
    EXPECT_EQ(held_by("accounts"), 0);
    EXPECT_EQ(await(store().create_account(second, one_of("accounts"))).account.id, account.id);
}

// Check 169.
TEST_P(ChargedContract, TakesNothingForAnAccountThatFails) {
    auto twin = make.account();
    twin.id = account.id;
    EXPECT_THROW(await(store().create_account(twin, one_of("accounts"))), std::runtime_error);
    EXPECT_EQ(held_by("accounts"), capacity);
}

TEST_P(ChargedContract, PlacesAnOrderAndTakesForItOrDoesNeither) {
    for (std::int64_t i = 1; i <= capacity; ++i) {
        const std::vector fresh{make.authorization(account.id, "a.example.org"),
                                make.authorization(account.id, "b.example.org")};
        const auto order = make.order(account.id, fresh);
        const auto placement =
            await(store().create_order(order, fresh, std::nullopt, one_of("orders")));
        EXPECT_EQ(placement.reused.size(), 2U);
        EXPECT_TRUE(placement.decision.accepted);
        EXPECT_EQ(placement.decision.remaining, std::vector<std::int64_t>{capacity - i});
        expect_found(await(store().find_order(order.id)), order);
        expect_same(found(fresh[1].id), fresh[1]);
    }
    const std::vector fresh{make.authorization(account.id, "c.example.org")};
    const auto order = make.order(account.id, fresh);
    expect_refused(
        await(store().create_order(order, fresh, std::nullopt, one_of("orders"))).decision);
    for (int i = 0; i < 2; ++i) {
        EXPECT_FALSE(await(store().find_order(order.id)));
        EXPECT_FALSE(await(store().find_authorization(fresh[0].id)));
        EXPECT_EQ(await(store().orders_of(account.id, std::nullopt, 10)).size(),
                  static_cast<std::size_t>(capacity));
        reopen();
    }
}

TEST_P(ChargedContract, PlacesAChargedOrderOnWhatIsValid) {
    const auto valid = stored_valid(account.id, "a.example.org");
    const std::vector fresh{make.authorization(account.id, "b.example.org"),
                            make.authorization(account.id, "a.example.org")};
    const ca::OrderStore::Reuse any{
        .finished_after = now - 1h, .finished_by = now, .lapsing_after = now};
    auto order = make.order(account.id, fresh);
    const auto placement = await(store().create_order(order, fresh, any, one_of("orders")));
    ASSERT_EQ(placement.reused.size(), 2U);
    EXPECT_FALSE(placement.reused[0]);
    expect_found(placement.reused[1], valid);
    EXPECT_EQ(placement.decision.remaining, std::vector<std::int64_t>{capacity - 1});
    order.authorizations[1] = valid.id;
    expect_found(await(store().find_order(order.id)), order);
}

TEST_P(ChargedContract, TakesFromAllBucketsOfAnOrderOrFromNone) {
    EXPECT_EQ(held_by("empty"), capacity);
    auto charges = one_of("full");
    charges.push_back(one_of("empty").front());
    const auto order = make.order(account.id, {});
    const auto placement = await(store().create_order(order, {}, std::nullopt, charges));
    EXPECT_EQ(placement.decision.refused_by, 1U);
    EXPECT_EQ(placement.decision.remaining, (std::vector<std::int64_t>{capacity, 0}));
    EXPECT_FALSE(await(store().find_order(order.id)));
    EXPECT_EQ(held_by("full"), capacity);
}

// Check 169.
TEST_P(ChargedContract, TakesNothingForAnOrderThatFails) {
    const auto first = stored_order(account.id);
    const auto fresh = make.authorization(account.id, "fresh.example.org");
    const auto order = make.order(account.id, {fresh, first.proofs[0]});
    EXPECT_THROW(await(store().create_order(order, {fresh, first.proofs[0]}, std::nullopt,
                                            one_of("orders"))),
                 std::runtime_error);
    EXPECT_EQ(held_by("orders"), capacity);
}

// Check 169.
TEST_P(ChargedContract, EndsAFailedValidationAndTakesForItOrDoesNeither) {
    for (std::int64_t i = 1; i <= capacity; ++i) {
        // Begun, as one that takes long, or not.
        const auto proof = stored(account.id, "example.org");
        if (i == 1) await(store().begin_validation(proof.id, {ChallengeType::http_01, now}));
        const auto end =
            await(store().finish_validation(proof.id, failed_attempt(), now, one_of("failures")));
        EXPECT_TRUE(end.is_recorded);
        EXPECT_EQ(end.decision.remaining, std::vector<std::int64_t>{capacity - i});
        expect_same(found(proof.id).attempt->problem, failure);
    }
    const auto proof = stored(account.id, "example.org");
    await(store().begin_validation(proof.id, {ChallengeType::http_01, now}));
    const auto refused =
        await(store().finish_validation(proof.id, failed_attempt(), now, one_of("failures")));
    EXPECT_FALSE(refused.is_recorded);
    expect_refused(refused.decision);
    EXPECT_FALSE(found(proof.id).attempt->finished);
    EXPECT_EQ(unfinished(10), std::vector{proof.id});
    // It has failed all the same, and ends without a charge.
    EXPECT_TRUE(await(store().finish_validation(proof.id, failed_attempt(), now)).is_recorded);
}

TEST_P(ChargedContract, TakesNothingForAValidationThatHasEnded) {
    const auto valid = stored_valid(account.id, "example.org");
    const auto end =
        await(store().finish_validation(valid.id, failed_attempt(), now, one_of("failures")));
    EXPECT_FALSE(end.is_recorded);
    EXPECT_TRUE(end.decision.accepted);
    const auto unknown = await(store().finish_validation(make.authorization_id(), failed_attempt(),
                                                         now, one_of("failures")));
    EXPECT_FALSE(unknown.is_recorded);
    EXPECT_TRUE(unknown.decision.accepted);
    EXPECT_EQ(held_by("failures"), capacity);
    expect_same(found(valid.id), valid);
}

// Check 169.
TEST_P(ChargedContract, PlacesAsManyOfFiftyAtOnceAsTheBucketHolds) {
    std::vector<ca::Order> orders;
    std::vector<base::Task<ca::OrderStore::Placement>> placements;
    for (int i = 0; i < 50; ++i) {
        const std::vector fresh{make.authorization(account.id, "example.org")};
        orders.push_back(make.order(account.id, fresh));
        ca::Charges charges{{"orders", 20, 1h, 1}};
        placements.push_back(
            store().create_order(orders.back(), fresh, std::nullopt, std::move(charges)));
    }
    const auto results = await_all(std::move(placements));
    std::int64_t accepted = 0;
    for (std::size_t i = 0; i < orders.size(); ++i) {
        accepted += results[i].decision.accepted ? 1 : 0;
        EXPECT_EQ(await(store().find_order(orders[i].id)).has_value(),
                  results[i].decision.accepted);
    }
    EXPECT_EQ(accepted, 20);
}

TEST_P(ChargedContract, RefusesChargesThatMakeNoSense) {
    const ca::Charges nonsense{{"a", 1, 1h, 2}};
    const auto order = make.order(account.id, {});
    const auto newcomer = make.account();
    const auto proof = stored(account.id, "example.org");
    EXPECT_THROW(await(store().create_account(newcomer, nonsense)), std::invalid_argument);
    EXPECT_THROW(await(store().create_order(order, {}, std::nullopt, nonsense)),
                 std::invalid_argument);
    EXPECT_THROW(await(store().finish_validation(proof.id, failed_attempt(), now, nonsense)),
                 std::invalid_argument);
    EXPECT_FALSE(await(store().find_account(newcomer.id)));
    EXPECT_FALSE(await(store().find_order(order.id)));
    expect_same(found(proof.id), proof);
}

}  // namespace
}  // namespace cairn::store::testing::charged_contract_test
