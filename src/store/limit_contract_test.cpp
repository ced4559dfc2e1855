// What limits need of a store beyond buckets that are emptied: questions, marks, overrides, and
// what an issuance takes and gives back.
#include <algorithm>

#include "store/testing/repository_contract.h"

namespace cairn::store::testing::limit_contract_test {
namespace {

using Effect = ca::Charge::Effect;
using Beginning = ca::OrderStore::IssuanceBeginning;

class LimitContract : public RepositoryContract {
  protected:
    static ca::Charge of(const std::string& bucket, Effect effect = Effect::take) {
        return {.bucket = bucket, .capacity = 20, .period = 1h, .cost = 1, .effect = effect};
    }
    ca::ChargeDecision charge(ca::Charges charges, base::Time at = now) {
        return await(store().charge(std::move(charges), at));
    }
    std::int64_t left_in(const std::string& bucket, base::Time at = now) {
        return await(store().look({of(bucket)}, at)).remaining.at(0);
    }
    Beginning begin(const ca::Order& order, ca::Charges charges, base::Time at = now) {
        auto intent = make.intent();
        intent.begun = at;
        const ca::OrderStore::RequestedKey key{digest("a key"), digest("the same")};
        return await(store().begin_issuance(order.id, intent, key, std::move(charges)));
    }

    const ca::Account account = stored_account();
    const protocol::Problem failure{protocol::ProblemType::server_internal, "no signer"};
};
INSTANTIATE_TEST_SUITE_P(, LimitContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(LimitContract, LooksWithoutTaking) {
    EXPECT_EQ(left_in("orders"), 20);
    EXPECT_TRUE(charge({of("orders")}).accepted);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(left_in("orders"), 19);
    for (int i = 0; i < 19; ++i) EXPECT_TRUE(charge({of("orders")}).accepted);
    const auto decision = await(store().look({of("others"), of("orders")}, now));
    EXPECT_FALSE(decision.accepted);
    EXPECT_EQ(decision.refused_by, 1U);
    EXPECT_EQ(decision.retry_at, now + 3min);
    EXPECT_EQ(decision.rates, (std::vector<ca::Rate>{{20, 1h}, {20, 1h}}));
}

TEST_P(LimitContract, ChecksOneBucketWhileItTakesFromAnother) {
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(charge({of("taken"), of("checked", Effect::check)}).accepted);
        EXPECT_EQ(left_in("checked"), 20);
    }
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(charge({of("checked")}).accepted);
    const auto refusal = charge({of("fresh"), of("checked", Effect::check)});
    EXPECT_FALSE(refusal.accepted);
    EXPECT_EQ(refusal.refused_by, 1U);
    EXPECT_EQ(left_in("fresh"), 20);
}

TEST_P(LimitContract, RefusesWhatAMarkBars) {
    const ca::Charge bar{"mark", 1, 1s, 1, Effect::bar};
    const ca::Charge mark{"mark", 1, 100h, 1, Effect::mark};
    EXPECT_TRUE(charge({bar}).accepted);
    EXPECT_TRUE(charge({mark, of("orders")}).accepted);
    EXPECT_EQ(left_in("orders"), 19);
    const auto refusal = charge({of("orders"), bar});
    EXPECT_EQ(refusal.refused_by, 1U);
    EXPECT_EQ(refusal.retry_at, now + 100h);
    EXPECT_EQ(left_in("orders"), 19);
    EXPECT_FALSE(await(store().look({bar}, now + 99h)).accepted);
    EXPECT_TRUE(await(store().look({bar}, now + 100h)).accepted);
    reopen();
    EXPECT_FALSE(charge({bar}).accepted);
    EXPECT_TRUE(await(store().reset_bucket("mark")));
    EXPECT_TRUE(charge({bar}).accepted);
}

TEST_P(LimitContract, MarksNothingWhereItRefuses) {
    const ca::Charge bar{"mark", 1, 1s, 1, Effect::bar};
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(charge({of("orders")}).accepted);
    EXPECT_FALSE(charge({of("orders"), {"mark", 1, 1h, 1, Effect::mark}}).accepted);
    EXPECT_TRUE(charge({bar}).accepted);
}

TEST_P(LimitContract, ClearsABucket) {
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(charge({of("failures")}).accepted);
    EXPECT_TRUE(charge({{"failures", 1, 1s, 1, Effect::clear}}).accepted);
    EXPECT_EQ(left_in("failures"), 20);
}

TEST_P(LimitContract, HoldsABurstThatIsNotTheCount) {
    const ca::Charge one{
        .bucket = "requests", .capacity = 20, .period = 1h, .cost = 1, .effect = {}, .burst = 2};
    EXPECT_TRUE(charge({one}).accepted);
    EXPECT_TRUE(charge({one}).accepted);
    EXPECT_EQ(charge({one}).retry_at, now + 3min);
    EXPECT_TRUE(charge({one}, now + 3min).accepted);
}

TEST_P(LimitContract, GoesByAnOverrideAtOnce) {
    auto one = of("orders");
    one.overrides = {"orders account:a", "orders account:all"};
    await(store().set_limit_override({"orders account:all", {2, 1h}}));
    EXPECT_TRUE(charge({one}).accepted);
    EXPECT_TRUE(charge({one}).accepted);
    const auto refusal = charge({one});
    EXPECT_EQ(refusal.retry_at, now + 30min);
    EXPECT_EQ(refusal.rates, (std::vector<ca::Rate>{{2, 1h}}));
    EXPECT_EQ(left_in("orders"), 0) << "an hour's worth is taken, whoever counts";

    // The first of the charge's keys counts. What was taken stays taken: an hour.
    await(store().set_limit_override({"orders account:a", {100, 2h}}));
    EXPECT_EQ(await(store().look({one}, now)).remaining, std::vector<std::int64_t>{50});
    reopen();
    EXPECT_EQ(charge({one}).remaining, std::vector<std::int64_t>{49});
    await(store().set_limit_override({"orders account:a", {10, 2h}}));
    EXPECT_EQ(await(store().look({one}, now)).rates, (std::vector<ca::Rate>{{10, 2h}}));

    EXPECT_TRUE(await(store().remove_limit_override("orders account:a")));
    EXPECT_TRUE(await(store().remove_limit_override("orders account:all")));
    EXPECT_FALSE(await(store().remove_limit_override("orders account:all")));
    EXPECT_EQ(await(store().look({one}, now)).rates, (std::vector<ca::Rate>{{20, 1h}}));
}

TEST_P(LimitContract, ListsOverridesInPages) {
    std::vector<ca::LimitOverride> all;
    for (const char* key : {"a", "b", "c"}) all.push_back({key, {7, 48h}});
    for (const auto& one : all) await(store().set_limit_override(one));
    EXPECT_EQ(await(store().list_limit_overrides("", 10)), all);
    EXPECT_EQ(await(store().list_limit_overrides("", 2)), (std::vector{all[0], all[1]}));
    EXPECT_EQ(await(store().list_limit_overrides("b", 2)), std::vector{all[2]});
}

TEST_P(LimitContract, BeginsAnIssuanceAndTakesForItOrDoesNeither) {
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(begin(stored_order(account.id).order, {of("domain")}), Beginning::begun);
    const auto order = stored_order(account.id).order;
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(begin(order, {of("set"), of("domain")}), Beginning::over_limit);
        EXPECT_EQ(left_in("set"), 20);
        EXPECT_FALSE(await(store().find_order(order.id))->intent);
        reopen();
    }
    EXPECT_EQ(begin(order, {of("set"), of("domain")}, now + 3min), Beginning::begun);
    EXPECT_EQ(left_in("set", now + 3min), 19);
}

TEST_P(LimitContract, TakesNothingForAnIssuanceThatCannotBegin) {
    const auto order = stored_order(account.id).order;
    EXPECT_EQ(begin(order, {of("domain")}, order.expires), Beginning::refused);
    EXPECT_EQ(begin(order, {of("domain")}), Beginning::begun);
    EXPECT_EQ(begin(order, {of("domain")}), Beginning::refused) << "it is under way";
    await(store().block_key(digest("a key")));
    EXPECT_EQ(begin(stored_order(account.id).order, {of("domain")}), Beginning::key_is_blocked);
    EXPECT_EQ(left_in("domain"), 19);
}

TEST_P(LimitContract, GivesBackWhatAFailedIssuanceTookAndNoMore) {
    const auto order = stored_order(account.id).order;
    const auto other = stored_order(account.id).order;
    EXPECT_EQ(begin(order, {of("set"), of("domain")}), Beginning::begun);
    EXPECT_EQ(begin(other, {of("domain")}), Beginning::begun);
    EXPECT_EQ(left_in("domain"), 18);
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(await(store().fail_issuance(order.id, failure, now)), i == 0);
        EXPECT_EQ(left_in("domain"), 19);
        EXPECT_EQ(left_in("set"), 20);
    }

    // What came back by itself meanwhile is not given back again.
    const auto late = stored_order(account.id).order;
    EXPECT_EQ(begin(late, {of("slow")}), Beginning::begun);
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(charge({of("slow")}, now + 2h).accepted);
    EXPECT_TRUE(await(store().fail_issuance(late.id, failure, now + 2h)));
    EXPECT_EQ(left_in("slow", now + 2h), 0);

    const auto forgetful = stored_order(account.id).order;
    EXPECT_EQ(begin(forgetful, {of("kept")}), Beginning::begun);
    EXPECT_TRUE(await(store().fail_issuance(forgetful.id, failure)));
    EXPECT_EQ(left_in("kept"), 19);
}

TEST_P(LimitContract, GivesBackWhatWasTakenUnderAnOverride) {
    auto one = of("domain");
    one.overrides = {"domain"};
    await(store().set_limit_override({"domain", {2, 1h}}));
    const auto order = stored_order(account.id).order;
    EXPECT_EQ(begin(order, {one}), Beginning::begun);
    EXPECT_EQ(begin(stored_order(account.id).order, {one}), Beginning::begun);
    EXPECT_EQ(begin(stored_order(account.id).order, {one}), Beginning::over_limit);
    EXPECT_TRUE(await(store().fail_issuance(order.id, failure, now)));
    EXPECT_EQ(begin(stored_order(account.id).order, {one}), Beginning::begun);
    EXPECT_EQ(begin(stored_order(account.id).order, {one}), Beginning::over_limit);
}

TEST_P(LimitContract, BeginsAsManyOfFiftyAtOnceAsTheBucketHolds) {
    std::vector<ca::OrderId> orders;
    for (int i = 0; i < 50; ++i) orders.push_back(stored_order(account.id).order.id);
    std::vector<base::Task<Beginning>> beginnings;
    for (const auto& id : orders) {
        const ca::OrderStore::RequestedKey key{digest("a key"), digest("the same")};
        ca::Charges charges{of("domain"), {"set", 1, 100h, 1, Effect::mark}};
        beginnings.push_back(store().begin_issuance(id, make.intent(), key, std::move(charges)));
    }
    const auto results = await_all(std::move(beginnings));
    EXPECT_EQ(std::ranges::count(results, Beginning::begun), 20);
    EXPECT_EQ(std::ranges::count(results, Beginning::over_limit), 30);
}

}  // namespace
}  // namespace cairn::store::testing::limit_contract_test
