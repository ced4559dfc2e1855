#include "client/issuance_need.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/issuance.h"
#include "client/testing/bench.h"

namespace cairn::client::issuance_need_test {
namespace {

using std::chrono::days;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Needs : public ::testing::Test {
  protected:
    std::vector<IssuanceNeed> needs() {
        return needs_of(bench_.environment(), order_.lineage, order_.plan);
    }
    IssuedCertificates run() { return issue(bench_.environment(), order_, bench_.heard); }

    testing::Bench bench_;
    IssuanceOrder order_{.lineage = LineageName::from_text("a.example").value(),
                         .plan = bench_.plan({"a.example"}),
                         .account = {},
                         .replaces = {}};
};

TEST_F(Needs, WhatIsNotThere) {
    ASSERT_THAT(needs(), SizeIs(1));
    EXPECT_EQ(needs().front().due.reason, DueReason::unsound);
    run();
    EXPECT_THAT(needs(), IsEmpty());
}

TEST_F(Needs, WhatThePlanWantsOtherwise) {
    run();
    order_.plan.profile = "short";
    ASSERT_THAT(needs(), SizeIs(1));
    EXPECT_EQ(needs().front().due.reason, DueReason::plan_changed);
}

TEST_F(Needs, WhatIsDue) {
    const auto now = bench_.clock.now();
    bench_.ca.validity = pki::Validity{now - days{80}, now + days{10}};
    run();
    ASSERT_THAT(needs(), SizeIs(1));
    EXPECT_EQ(needs().front().due.reason, DueReason::lifetime);
}

TEST_F(Needs, AFurtherKeyTypeAlone) {
    const auto first = run();
    order_.plan.key_types.push_back(crypto::KeyType::rsa2048);
    ASSERT_THAT(needs(), SizeIs(1));
    EXPECT_EQ(needs().front().member.further, crypto::KeyType::rsa2048);
    order_.left_alone = {order_.lineage};
    const auto both = run();
    EXPECT_EQ(both.chain, first.chain);
    EXPECT_EQ(both.directory_url, bench_.ca.directory_url());
    ASSERT_THAT(both.further, SizeIs(1));
    EXPECT_EQ(bench_.ca.orders_made, 2);
    EXPECT_THAT(needs(), IsEmpty());
    EXPECT_EQ(standing_certificates(bench_.environment(), order_.lineage, order_.plan)
                  .further.front()
                  .chain,
              both.further.front().chain);
}

}  // namespace
}  // namespace cairn::client::issuance_need_test
