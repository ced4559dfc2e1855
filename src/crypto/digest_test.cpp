#include "crypto/digest.h"

#include <string>

#include <gtest/gtest.h>

#include "base/base64url.h"

namespace cairn::crypto::digest_test {
namespace {

using base::Bytes;
using base::bytes_of;

std::string sha256_hex(std::string_view data) {
    return base::to_hex(sha256(bytes_of(data)));
}

TEST(Sha256, YieldsTheVectorsOfFips180) {
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256_hex("abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(sha256_hex(std::string(1000000, 'a')),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, YieldsTheThumbprintOfRfc7638) {
    EXPECT_EQ(
        base::base64url(sha256(bytes_of(
            R"({"e":"AQAB","kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4c)"
            R"(bbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9)"
            R"(yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu)"
            R"(6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBni)"
            R"(Iqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"})"))),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

std::string hmac_hex(base::BytesView key, base::BytesView data) {
    return base::to_hex(hmac_sha256(key, data));
}

TEST(HmacSha256, YieldsTheVectorsOfRfc4231) {
    EXPECT_EQ(hmac_hex(Bytes(20, 0x0b), bytes_of("Hi There")),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(hmac_hex(bytes_of("Jefe"), bytes_of("what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(hmac_hex(Bytes(20, 0xaa), Bytes(50, 0xdd)),
              "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    EXPECT_EQ(hmac_hex(Bytes(131, 0xaa),
                       bytes_of("Test Using Larger Than Block-Size Key - Hash Key First")),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacSha256, TakesAnEmptyKeyAndNoData) {
    const std::string of_nothing =
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
    EXPECT_EQ(hmac_hex({}, {}), of_nothing);
    EXPECT_NE(hmac_hex(Bytes{1}, {}), of_nothing);
    EXPECT_EQ(hmac_hex({}, {}), of_nothing);  // no key is left over from before
}

TEST(EqualInConstantTime, ComparesLengthAndOctets) {
    EXPECT_TRUE(equal_in_constant_time({}, {}));
    EXPECT_TRUE(equal_in_constant_time(bytes_of("abc"), bytes_of("abc")));
    EXPECT_FALSE(equal_in_constant_time(bytes_of("abc"), bytes_of("abd")));
    EXPECT_FALSE(equal_in_constant_time(bytes_of("xbc"), bytes_of("abc")));
    EXPECT_FALSE(equal_in_constant_time(bytes_of("abc"), bytes_of("ab")));
    EXPECT_FALSE(equal_in_constant_time({}, bytes_of("a")));
}

}  // namespace
}  // namespace cairn::crypto::digest_test
