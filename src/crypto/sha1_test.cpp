#include "crypto/sha1.h"

#include <string>

#include <gtest/gtest.h>

namespace cairn::crypto::sha1_test {
namespace {

// FIPS 180-4's examples.
TEST(Sha1, IsExact) {
    const auto hex = [](std::string_view text) { return base::to_hex(sha1(base::bytes_of(text))); };
    EXPECT_EQ(hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(hex(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    EXPECT_EQ(hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}

}  // namespace
}  // namespace cairn::crypto::sha1_test
