#include "apps/ca/descriptor_shares.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace cairn::apps::descriptor_shares_test {
namespace {

TEST(DescriptorShares, NeverGiveMoreThanThereIs) {
    for (const std::size_t limit : {64U, 256U, 1024U, 4096U, 65536U, 1048576U}) {
        const auto shares = share_descriptors(limit, 8);
        EXPECT_LE(shares.connections + shares.operator_connections + 2 * shares.validations,
                  limit - std::min(std::size_t{136}, limit / 2))
            << limit;
        EXPECT_GE(shares.connections, limit / 8 > 12000 ? 12000 : limit / 8) << limit;
        EXPECT_GE(shares.validations, 4U) << limit;
        EXPECT_GE(shares.operator_connections, 2U) << limit;
    }
}

TEST(DescriptorShares, LeaveTheStoreItsConnections) {
    const auto shares = share_descriptors(1024, 300);
    EXPECT_LE(shares.connections + shares.operator_connections + 2 * shares.validations,
              1024U - 428U);
}

TEST(DescriptorShares, LeavePerspectivesTheirConnections) {
    const auto shares = share_descriptors(1024, 8, 5);
    EXPECT_LE(shares.connections + shares.operator_connections + (2 + 5) * shares.validations,
              1024U - 136U);
    EXPECT_GE(shares.validations, 4U);
}

TEST(DescriptorShares, HaveBounds) {
    const auto shares = share_descriptors(1048576, 0);
    EXPECT_EQ(shares.connections, 12000U);
    EXPECT_EQ(shares.operator_connections, 32U);
    EXPECT_EQ(shares.validations, 4096U);
}

}  // namespace
}  // namespace cairn::apps::descriptor_shares_test
