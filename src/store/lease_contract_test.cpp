#include "store/testing/repository_contract.h"

namespace cairn::store::testing::lease_contract_test {
namespace {

using Holder = ca::WorkLeases::Lease::Holder;

/// What holds for the node that is alone; nodes beside each other are in postgres/work_leases_test.
class LeaseContract : public RepositoryContract {
  protected:
    ca::WorkLeases::Lease ask(const std::string& work, base::Milliseconds duration) {
        return await(store().try_lease(work, duration));
    }
};
INSTANTIATE_TEST_SUITE_P(, LeaseContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(LeaseContract, GivesWhatNobodyElseHoldsAndRenewsIt) {
    for (int i = 0; i < 3; ++i) {
        const auto lease = ask("retention", 60s);
        EXPECT_EQ(lease.holder, Holder::this_node);
        EXPECT_EQ(lease.left, 60s);
    }
    EXPECT_EQ(ask("crl of ca-1", 5s).holder, Holder::this_node) << "each work has its own";
    EXPECT_EQ(ask("crl of ca-1", 7s).left, 7s);
}

TEST_P(LeaseContract, GivesAgainWhatWasReleased) {
    EXPECT_EQ(ask("retention", 60s).holder, Holder::this_node);
    await(store().release("retention"));
    await(store().release("retention"));
    await(store().release("never leased"));
    EXPECT_EQ(ask("retention", 60s).holder, Holder::this_node);
}

TEST_P(LeaseContract, LeavesNothingBehindAfterAnEndInGoodOrder) {
    EXPECT_EQ(ask("retention", 600s).holder, Holder::this_node);
    reopen();
    EXPECT_EQ(ask("retention", 60s).holder, Holder::this_node);
}

}  // namespace
}  // namespace cairn::store::testing::lease_contract_test
