#include "client/revocation_lists.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/bench.h"

namespace cairn::client::revocation_lists_test {
namespace {

using ::testing::HasSubstr;
using Verdict = RevocationSight::Verdict;

TEST(RevocationLists, AreNotAskedWhereACertificateNamesNone) {
    testing::Issuer issuer;
    const auto key = LineageKey::generate(crypto::KeyType::ec_p256);
    const auto chain = issuer.issue(key.public_key(), testing::names({"a.example"}));
    const base::SystemClock clock;
    EXPECT_EQ(RevocationLists(clock, "test").look_up(chain).verdict, Verdict::not_offered);
}

TEST(RevocationLists, OfALineageWithoutACertificateAreUnknown) {
    testing::Bench bench;
    const auto sight = RevocationLists(bench.clock, "test")
                           .look_up(bench.state, LineageName::from_text("a.example").value());
    EXPECT_EQ(sight.verdict, Verdict::unknown);
    EXPECT_FALSE(sight.note);
    EXPECT_THAT(sight.detail, HasSubstr("a.example"));
}

}  // namespace
}  // namespace cairn::client::revocation_lists_test
