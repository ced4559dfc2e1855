#include "crypto/base64.h"

#include <gtest/gtest.h>

namespace cairn::crypto::base64_test {
namespace {

// RFC 4648 section 10, and octets that tell it from base64url.
TEST(Base64, HasTheValuesOfTheStandard) {
    EXPECT_EQ(base64(base::bytes_of("")), "");
    EXPECT_EQ(base64(base::bytes_of("f")), "Zg==");
    EXPECT_EQ(base64(base::bytes_of("fooba")), "Zm9vYmE=");
    EXPECT_EQ(base64(base::bytes_of("foobar")), "Zm9vYmFy");
    EXPECT_EQ(base64(base::Bytes{0xfb, 0xef, 0xff}), "++//");
}

TEST(Base64, ReadsWhatPeoplePaste) {
    EXPECT_EQ(from_base64("++//"), (base::Bytes{0xfb, 0xef, 0xff}));
    EXPECT_EQ(from_base64(" Zm9v\nYmE= "), base::copy_of(base::bytes_of("fooba")));
    EXPECT_EQ(from_base64("Zm9vYmE"), base::copy_of(base::bytes_of("fooba")));
    EXPECT_FALSE(from_base64("Zm9v-mE="));
    EXPECT_FALSE(from_base64("Zm9v*"));
}

}  // namespace
}  // namespace cairn::crypto::base64_test
