#include <algorithm>

#include "store/testing/repository_contract.h"

namespace cairn::store::testing::counter_contract_test {
namespace {

class CounterContract : public RepositoryContract {
  protected:
    ca::ChargeDecision charge(std::vector<ca::Charge> charges, base::Time at = now) {
        return await(store().charge(std::move(charges), at));
    }
    bool takes(const std::string& bucket, std::int64_t cost, base::Time at = now) {
        return charge({{bucket, 20, 1h, cost}}, at).accepted;
    }
};
INSTANTIATE_TEST_SUITE_P(, CounterContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(CounterContract, YieldsItsCapacityAndNoMore) {
    for (int i = 0; i < 20; ++i) {
        const auto decision = charge({{"orders", 20, 1h, 1}});
        EXPECT_TRUE(decision.accepted);
        EXPECT_FALSE(decision.refused_by);
        EXPECT_EQ(decision.remaining, std::vector<std::int64_t>{19 - i});
    }
    const auto refusal = charge({{"orders", 20, 1h, 1}});
    EXPECT_FALSE(refusal.accepted);
    EXPECT_EQ(refusal.refused_by, 0U);
    EXPECT_EQ(refusal.retry_at, now + 3min);
    EXPECT_EQ(refusal.remaining, std::vector<std::int64_t>{0});
    reopen();
    EXPECT_FALSE(takes("orders", 1));
    EXPECT_TRUE(takes("others", 20));
}

TEST_P(CounterContract, FillsEvenly) {
    EXPECT_TRUE(takes("orders", 20));
    EXPECT_FALSE(takes("orders", 1, now + 3min - 1s));
    EXPECT_TRUE(takes("orders", 1, now + 3min));
    EXPECT_FALSE(takes("orders", 2, now + 6min));
    EXPECT_TRUE(takes("orders", 10, now + 33min));
    EXPECT_TRUE(takes("orders", 20, now + 3h));
    EXPECT_FALSE(takes("orders", 1, now + 3h)) << "it holds no more than its capacity";
}

TEST_P(CounterContract, RecoversFromAClockThatWasAhead) {
    EXPECT_TRUE(takes("orders", 5, now + 600h));
    const auto refusal = charge({{"orders", 20, 1h, 1}});
    EXPECT_FALSE(refusal.accepted) << "it is as good as empty";
    EXPECT_EQ(refusal.retry_at, now + 3min);
    EXPECT_FALSE(takes("orders", 20, now + 59min));
    EXPECT_TRUE(takes("orders", 20, now + 1h));
}

TEST_P(CounterContract, TakesFromAllOrNone) {
    EXPECT_TRUE(takes("full", 15));
    EXPECT_TRUE(takes("fuller", 18));
    const auto refusal = charge({{"fresh", 20, 1h, 1}, {"full", 20, 1h, 6}, {"fuller", 20, 1h, 6}});
    EXPECT_FALSE(refusal.accepted);
    EXPECT_EQ(refusal.refused_by, 2U);
    EXPECT_EQ(refusal.retry_at, now + 4 * 3min);
    EXPECT_EQ(refusal.remaining, (std::vector<std::int64_t>{20, 5, 2}));

    const auto decision =
        charge({{"fuller", 20, 1h, 1}, {"fresh", 20, 1h, 20}, {"full", 20, 1h, 5}});
    EXPECT_TRUE(decision.accepted);
    EXPECT_EQ(decision.remaining, (std::vector<std::int64_t>{1, 0, 0}));
}

TEST_P(CounterContract, AcceptsExactlyTwentyOfFiftyAtOnce) {
    std::vector<base::Task<ca::ChargeDecision>> charges;
    for (int i = 0; i < 50; ++i) {
        std::vector<ca::Charge> both{{"shared", 20, 1h, 1}, {"own " + std::to_string(i), 1, 1h, 1}};
        if (i % 2 == 0) std::ranges::reverse(both);
        charges.push_back(store().charge(std::move(both), now));
    }
    const auto results = await_all(std::move(charges));
    EXPECT_EQ(std::ranges::count(results, true, &ca::ChargeDecision::accepted), 20);
    for (int i = 0; i < 50; ++i) {
        const bool was_taken = results[static_cast<std::size_t>(i)].accepted;
        EXPECT_NE(charge({{"own " + std::to_string(i), 1, 1h, 1}}).accepted, was_taken);
    }
}

TEST_P(CounterContract, ForgetsWhatHasFilledUp) {
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(takes("old " + std::to_string(i), 20));
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(takes("new", 1, now + 10h));
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(takes("old " + std::to_string(i), 20, now + 10h));
    EXPECT_FALSE(takes("new", 11, now + 10h));
}

TEST_P(CounterContract, RefusesWhatMakesNoSense) {
    const std::vector<std::vector<ca::Charge>> nonsense{
        {{"", 20, 1h, 1}},   {{std::string(201, 'x'), 20, 1h, 1}},
        {{"a", 0, 1h, 1}},   {{"a", 20, 0s, 1}},
        {{"a", 20, 1h, 21}}, {{"a", 20, 1h, 0}},
        {{"a", 20, 1h, -1}}, {{"a", 20, 1h, 1}, {"a", 20, 1h, 1}},
    };
    for (const auto& charges : nonsense) EXPECT_THROW(charge(charges), std::invalid_argument);
    EXPECT_TRUE(charge({}).accepted);
}

}  // namespace
}  // namespace cairn::store::testing::counter_contract_test
