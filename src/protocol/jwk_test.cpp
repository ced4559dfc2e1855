#include "protocol/jwk.h"

#include <gtest/gtest.h>

#include "base/base64url.h"

namespace cairn::protocol::jwk_test {
namespace {

using base::bytes_of;

// RFC 7638 section 3.1.
constexpr const char* rsa_modulus =
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
    "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
    "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQF"
    "h6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
// RFC 7515 appendix A.3.
constexpr const char* p256_x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
constexpr const char* p256_y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
// RFC 8037 appendix A.2.
constexpr const char* ed25519_x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

std::string ec(std::string_view curve, std::string_view x, std::string_view y) {
    return R"({"crv":")" + std::string(curve) + R"(","kty":"EC","x":")" + std::string(x) +
           R"(","y":")" + std::string(y) + "\"}";
}
std::string rsa(std::string_view modulus, std::string_view exponent) {
    return R"({"e":")" + std::string(exponent) + R"(","kty":"RSA","n":")" + std::string(modulus) +
           "\"}";
}
std::string okp(std::string_view curve, std::string_view x) {
    return R"({"crv":")" + std::string(curve) + R"(","kty":"OKP","x":")" + std::string(x) + "\"}";
}

struct KeyVector {
    std::string canonical;
    crypto::KeyAlgorithm algorithm;
    const char* thumbprint;
};
/// Thumbprints of RFC 7638 and RFC 8037; the others computed with Python's hashlib.
std::vector<KeyVector> key_vectors() {
    return {
        {rsa(rsa_modulus, "AQAB"), crypto::KeyAlgorithm::rsa,
         "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
        {okp("Ed25519", ed25519_x), crypto::KeyAlgorithm::ed25519,
         "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
        {ec("P-256", p256_x, p256_y), crypto::KeyAlgorithm::ec_p256,
         "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"},
        {ec("P-384", "SA-7x8Kz-n5k5jmi4HLUTzJPeTtsod-S9QkDyl1Q1rZiz0WiFw8ugJZFBFuuUPsr",
            "fr4q5R04ux9A0XHXKu5_j7ga8SgkQ2xyb1e9iSlBbl-cl3GcyN1FJefjnMDIOWJs"),
         crypto::KeyAlgorithm::ec_p384, "8uKlEAN4oki_3KoCUcXF73TyOf1LD8lkRi8u88DHxy8"},
        {ec("P-521",
            "AdAC-Zz4Wlb44ZNaFnAXn-VhEl_VZa_rIF0N6ZRZV4r-S-gANVyj_zWl6D2j1K-OKDymQqTrGsbVTBQGQ1ky1_"
            "mQ",
            "AA-OAKP_K0aLnhLZE5PgB4UpTfmB13gpmCSc76T1ahGJjqxNfVgT6XgbxVcc8_"
            "qDwIQ0WfOt0tDhuMrl6wSCDP6d"),
         crypto::KeyAlgorithm::ec_p521, "wcVUDUFnijC6UyhrbnRhLvC8hGoqOMRfYg-XEir_jLY"},
    };
}

TEST(Jwk, HasTheThumbprintOfItsCanonicalText) {
    for (const KeyVector& vector : key_vectors()) {
        const auto jwk = Jwk::from_json(bytes_of(vector.canonical));
        ASSERT_TRUE(jwk) << vector.canonical << jwk.error().detail;
        EXPECT_EQ(jwk->public_key().algorithm(), vector.algorithm);
        EXPECT_EQ(jwk->to_json(), vector.canonical);
        EXPECT_EQ(base::base64url(jwk->thumbprint()), vector.thumbprint);
        const Jwk same = Jwk::of(jwk->public_key());
        EXPECT_EQ(same.to_json(), vector.canonical);
        EXPECT_EQ(same.thumbprint(), jwk->thumbprint());
    }
}

TEST(Jwk, DropsOptionalMembersAndOrder) {
    const auto jwk = Jwk::from_json(bytes_of(R"( {"kid":"2011-04-29","use":"sig","alg":"EdDSA",)"
                                             R"("x":")" +
                                             std::string(ed25519_x) +
                                             R"(","key_ops":["verify"],"kty":"OKP",)"
                                             R"("crv":"Ed25519"} )"));
    ASSERT_TRUE(jwk) << jwk.error().detail;
    EXPECT_EQ(jwk->to_json(), okp("Ed25519", ed25519_x));
}

TEST(Jwk, KeepsLeadingZerosOfCoordinates) {
    const std::string json = ec("P-256", "AFVDiUrz0A7X10Cr29dclrBod7eH219w7qeLkKjXwAo",
                                "u0yFo9jqKe-q-iRAaRLdhNWxTcMr9lbvbGvVil2UP5I");
    const auto jwk = Jwk::from_json(bytes_of(json));
    ASSERT_TRUE(jwk) << jwk.error().detail;
    EXPECT_EQ(jwk->to_json(), json);
}

// Checks 38, 39, 40.
TEST(Jwk, RefusesKeysThatAreNoneAsBadPublicKey) {
    const std::string cases[] = {
        R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMko"})",
        R"({"kty":"oct"})",
        R"({"kty":"AKP","alg":"ML-DSA-44","pub":"AAAA"})",
        R"({"kty":"ec","crv":"P-256"})",
        R"({"kty":""})",
        // secrets
        R"({"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",)" +
            okp("Ed25519", ed25519_x).substr(1),
        R"({"d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",)" +
            ec("P-256", p256_x, p256_y).substr(1),
        R"({"d":null,)" + ec("P-256", p256_x, p256_y).substr(1),
        R"({"p":"AA",)" + rsa(rsa_modulus, "AQAB").substr(1),
        R"({"q":"AA",)" + rsa(rsa_modulus, "AQAB").substr(1),
        R"({"dp":"AA",)" + rsa(rsa_modulus, "AQAB").substr(1),
        R"({"dq":"AA",)" + rsa(rsa_modulus, "AQAB").substr(1),
        R"({"qi":"AA",)" + rsa(rsa_modulus, "AQAB").substr(1),
        R"({"oth":[],)" + rsa(rsa_modulus, "AQAB").substr(1),
        R"({"k":"AA",)" + rsa(rsa_modulus, "AQAB").substr(1),
        // curves
        ec("P-224", p256_x, p256_y),
        ec("secp256k1", "L4veTRoHIJNVtKclClxRKOiLhL3cYZq3y6jVabJA7-Q",
           "2KwiJjbl49bU26ndpsnEJveIJxurDWhA3Kh9OqasYtY"),
        ec("p-256", p256_x, p256_y),
        ec("Ed25519", p256_x, p256_y),
        okp("X25519", ed25519_x),
        okp("Ed448", ed25519_x),
        okp("P-256", ed25519_x),
        // points
        ec("P-256", p256_x, "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5aw"),
        ec("P-256", p256_y, p256_x),
        ec("P-256", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
           "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ec("P-256", "", ""),
        ec("P-256", "_____wAAAAEAAAAAAAAAAAAAAAD_______________8", p256_y),
        ec("P-256", "VUOJSvPQDtfXQKvb11yWsGh3t4fbX3Dup4uQqNfACg",
           "u0yFo9jqKe-q-iRAaRLdhNWxTcMr9lbvbGvVil2UP5I"),
        ec("P-384", p256_x, p256_y),
        ec("P-521", p256_x, p256_y),
        okp("Ed25519", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUQ"),
        okp("Ed25519", ""),
        // numbers
        rsa("", "AQAB"),
        rsa("AA", "AQAB"),
        rsa("AQAB", "AQAB"),
        rsa(rsa_modulus, ""),
        rsa(rsa_modulus, "AQ"),
        rsa(rsa_modulus, "Ag"),
        rsa(rsa_modulus, "AAEAAQ"),
    };
    for (const std::string& json : cases) {
        const auto jwk = Jwk::from_json(bytes_of(json));
        ASSERT_FALSE(jwk) << json;
        EXPECT_EQ(jwk.error().type, ProblemType::bad_public_key) << json << jwk.error().detail;
        EXPECT_EQ(jwk.error().detail.find("nWGx"), std::string::npos);
    }
}

TEST(Jwk, RefusesBrokenTextAsMalformed) {
    const std::string cases[] = {
        "",
        "[]",
        "{}",
        R"({"kty":1})",
        R"({"kty":null})",
        R"({"kty":"EC"})",
        R"({"kty":"EC","crv":256})",
        R"({"kty":"EC","crv":"P-256"})",
        R"({"kty":"OKP","crv":"Ed25519"})",
        R"({"kty":"OKP","crv":"Ed25519","x":[]})",
        R"({"kty":"RSA","n":"AQAB"})",
        R"({"kty":"RSA","e":"AQAB"})",
        R"({"kty":"EC","kty":"EC"})",
        ec("P-256", p256_x, std::string(p256_y) + "="),
        ec("P-256", "+8/OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", p256_y),
        // trailing bits
        okp("Ed25519", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp"),
        okp("Ed25519", std::string(ed25519_x) + "\\n"),
        rsa(rsa_modulus, "AQABA"),
    };
    for (const std::string& json : cases) {
        const auto jwk = Jwk::from_json(bytes_of(json));
        ASSERT_FALSE(jwk) << json;
        EXPECT_EQ(jwk.error().type, ProblemType::malformed) << json << jwk.error().detail;
    }
}

}  // namespace
}  // namespace cairn::protocol::jwk_test
