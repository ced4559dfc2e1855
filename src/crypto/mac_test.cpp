#include "crypto/mac.h"

#include <gtest/gtest.h>

namespace cairn::crypto::mac_test {
namespace {

std::string hex_of_hmac(HashFunction function, std::string_view key, std::string_view data) {
    return base::to_hex(hmac(function, base::bytes_of(key), base::bytes_of(data)));
}

// RFC 2202 and RFC 4231, each test case 2.
TEST(Mac, HasTheValuesOfTheStandards) {
    constexpr std::string_view data = "what do ya want for nothing?";
    using enum HashFunction;
    EXPECT_EQ(hex_of_hmac(md5, "Jefe", data), "750c783e6ab0b503eaa86e310a5db738");
    EXPECT_EQ(hex_of_hmac(sha1, "Jefe", data), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    EXPECT_EQ(hex_of_hmac(sha224, "Jefe", data),
              "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44");
    EXPECT_EQ(hex_of_hmac(sha256, "Jefe", data),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(hex_of_hmac(sha384, "Jefe", data),
              "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
              "8e2240ca5e69e2c78b3239ecfab21649");
    EXPECT_EQ(hex_of_hmac(sha512, "Jefe", data),
              "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
              "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
}

TEST(Mac, DigestsAndReadsNames) {
    EXPECT_EQ(base::to_hex(digest(HashFunction::sha1, base::bytes_of("abc"))),
              "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(hash_function_from("sha512"), HashFunction::sha512);
    EXPECT_EQ(hash_function_from("sha3").error().message,
              "\"sha3\" is none of md5, sha1, sha224, sha256, sha384, sha512");
}

}  // namespace
}  // namespace cairn::crypto::mac_test
