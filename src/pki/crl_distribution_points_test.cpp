#include "pki/crl_distribution_points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::pki::crl_distribution_points_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> urls(std::string_view hex) {
    return crl_urls_in(base::from_hex(hex).value()).value();
}

TEST(CrlDistributionPoints, AreTheUrlsOfWholeLists) {
    EXPECT_THAT(urls("3011300fa00da00b8609687474703a2f2f612f"), ElementsAre("http://a/"));
    // Two points, of which the first has a name that is no URL between two.
    EXPECT_THAT(urls("3030301da01ba0198609687474703a2f2f612f8201788609687474703a2f2f622f300fa00da00"
                     "b8609687474703a2f2f632f"),
                ElementsAre("http://a/", "http://b/", "http://c/"));
}

TEST(CrlDistributionPoints, AreNotThoseOfSomeReasonsOrRelativeNames) {
    EXPECT_THAT(
        urls("30263013a00da00b8609687474703a2f2f612f81020102300fa00da00b8609687474703a2f2f622f"),
        ElementsAre("http://b/"));
    EXPECT_THAT(urls("30063004a002a100"), IsEmpty());
    EXPECT_THAT(urls("3000"), IsEmpty());
}

TEST(CrlDistributionPoints, AreRefusedWhereTheyAreNotWellFormed) {
    for (const char* hex : {"30", "3001", "0400", "3003020100", "30003000",
                            "3011300fa00da00b8709687474703a2f2f612f00"})
        EXPECT_FALSE(crl_urls_in(base::from_hex(hex).value())) << hex;
    EXPECT_FALSE(crl_urls_in({}));
}

}  // namespace
}  // namespace cairn::pki::crl_distribution_points_test
