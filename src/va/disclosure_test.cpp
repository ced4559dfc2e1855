#include "va/disclosure.h"

#include <gtest/gtest.h>

namespace cairn::va::disclosure_test {
namespace {

TEST(Disclosure, QuotesOnlyPublicSpaceWithoutRedirects) {
    EXPECT_EQ(disclosure_of(AddressSpace::open, 0), Disclosure::quotes);
    EXPECT_EQ(disclosure_of(AddressSpace::open, 1), Disclosure::status);
    EXPECT_EQ(disclosure_of(AddressSpace::granted, 0), Disclosure::status);
    EXPECT_EQ(disclosure_of(AddressSpace::granted, 1), Disclosure::none);
}

}  // namespace
}  // namespace cairn::va::disclosure_test
