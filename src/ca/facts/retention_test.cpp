#include "ca/facts/retention.h"

#include <gtest/gtest.h>

namespace cairn::ca::retention_test {
namespace {

using namespace std::chrono_literals;

constexpr base::Time now{base::Seconds{1'800'000'000}};

TEST(Retention, CountsBackFromNow) {
    const auto cutoffs =
        retention_cutoffs({.orders = 1h, .authorizations = 2h, .certificates = 48h}, now);
    EXPECT_EQ(cutoffs.orders, now - 1h);
    EXPECT_EQ(cutoffs.authorizations, now - 2h);
    EXPECT_EQ(cutoffs.certificates, now - 48h);
}

TEST(Retention, KeepsForEverWhereThereIsNoLimit) {
    const auto cutoffs = retention_cutoffs(
        {.orders = std::nullopt, .authorizations = std::nullopt, .certificates = std::nullopt},
        now);
    EXPECT_EQ(cutoffs.orders, base::Time::min());
    EXPECT_EQ(cutoffs.authorizations, base::Time::min());
    EXPECT_EQ(cutoffs.certificates, base::Time::min());
}

TEST(Retention, NeverReachesIntoTheFuture) {
    EXPECT_EQ(retention_cutoffs({.orders = -1h}, now).orders, now);
    EXPECT_EQ(retention_cutoffs({.orders = base::Seconds::max()}, now).orders, base::Time{});
}

TEST(Retention, KeepsCertificatesUnlessToldOtherwise) {
    EXPECT_EQ(retention_cutoffs({}, now).certificates, base::Time::min());
}

}  // namespace
}  // namespace cairn::ca::retention_test
