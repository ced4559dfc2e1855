#include "crypto/signature.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

#include <openssl/err.h>
#include <openssl/rsa.h>

#include <gtest/gtest.h>

#include "base/base64url.h"
#include "crypto/openssl.h"
#include "crypto/raw_signature.h"

namespace cairn::crypto::signature_test {
namespace {

using base::Bytes;
using base::bytes_of;
using base::BytesView;

Bytes b64(std::string_view text) {
    return base::from_base64url(text).value();
}
Bytes hex(std::string_view text) {
    return base::from_hex(text).value();
}

struct Vector {
    const char* source;
    PublicKey key;
    SignatureAlgorithm algorithm;
    std::string_view data;
    Bytes signature;
};

PublicKey ec(KeyAlgorithm curve, const Bytes& x, const Bytes& y) {
    return PublicKey::from_ec_point(curve, x, y).value();
}

std::vector<Vector> vectors() {
    return {
        {"RFC 7515 A.2",
         PublicKey::from_rsa(
             b64("ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJ"
                 "PMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0"
                 "LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD"
                 "Zlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2"
                 "PAcDTW9gb54h4FRWyuXpoQ"),
             b64("AQAB"))
             .value(),
         SignatureAlgorithm::rs256,
         "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
         "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
         b64("cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt"
             "_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArL"
             "IARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7no"
             "OPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQ"
             "Ge77Rw")},
        {"RFC 7520 4.2",
         PublicKey::from_rsa(
             b64("n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-"
                 "XV2jRojdNhxJWTDvNd7nqQ0VEiZQH"
                 "z_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-"
                 "oBHqFE"
                 "HYpPe7Tpe-"
                 "OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-t"
                 "VTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__"
                 "kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw"),
             b64("AQAB"))
             .value(),
         SignatureAlgorithm::ps384,
         "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZ"
         "GFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGU"
         "gcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlc"
         "mUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4",
         b64("cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-"
             "tPid6VrklHkqsGqDqHCd"
             "P6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-"
             "UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442Z"
             "dNqiVJRmBqrYRXe8P_"
             "ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1"
             "aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-"
             "X72Eaw")},
        {"RFC 7515 A.3",
         ec(KeyAlgorithm::ec_p256, b64("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
            b64("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")),
         SignatureAlgorithm::es256,
         "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
         "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
         b64("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU"
             "1Q")},
        {"RFC 7515 A.4",
         ec(KeyAlgorithm::ec_p521,
            b64("AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_"
                "NjFZ6OvLFV1jSfS9tsz4qUxcWceq"
                "wQGk"),
            b64("ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-"
                "x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3k"
                "yMj2")),
         SignatureAlgorithm::es512, "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA",
         b64("AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_"
             "7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXo"
             "lLzeO_Jn")},
        {"RFC 8037 A.4",
         PublicKey::from_ed25519(b64("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")).value(),
         SignatureAlgorithm::eddsa, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
         b64("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0K"
             "Ag")},
        {"RFC 6979 A.2.5",
         ec(KeyAlgorithm::ec_p256,
            hex("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"),
            hex("7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299")),
         SignatureAlgorithm::es256, "sample",
         hex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
             "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8")},
        {"RFC 6979 A.2.6",
         ec(KeyAlgorithm::ec_p384,
            hex("ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064"
                "a25451"
                "5480bc13"),
            hex("8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe73"
                "44fd25"
                "33264720")),
         SignatureAlgorithm::es384, "sample",
         hex("94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36d"
             "d1e80"
             "fabe4699ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679"
             "e7b82"
             "c71a38628ac8")},
    };
}

// Check 29.
TEST(Verify, AcceptsTheVectorsOfTheRfcs) {
    for (const auto& [source, key, algorithm, data, signature] : vectors()) {
        EXPECT_TRUE(fits(algorithm, key)) << source;
        EXPECT_TRUE(verify(key, algorithm, bytes_of(data), signature)) << source;
    }
}

TEST(Verify, RefusesEveryChange) {
    for (const auto& [source, key, algorithm, data, signature] : vectors()) {
        EXPECT_FALSE(verify(key, algorithm, bytes_of(data.substr(1)), signature)) << source;
        EXPECT_FALSE(verify(key, algorithm, {}, signature)) << source;
        for (const std::size_t place :
             {std::size_t{0}, signature.size() / 2, signature.size() - 1}) {
            Bytes changed = signature;
            changed[place] ^= 1;
            EXPECT_FALSE(verify(key, algorithm, bytes_of(data), changed)) << source;
        }
    }
    EXPECT_EQ(ERR_peek_error(), 0UL) << "failures are not left in OpenSSL's queue";
}

TEST(Verify, RefusesWrongLengths) {
    for (const auto& [source, key, algorithm, data, signature] : vectors()) {
        const auto refused = [&](BytesView other) {
            EXPECT_FALSE(verify(key, algorithm, bytes_of(data), other)) << source << other.size();
        };
        refused({});
        refused(BytesView(signature).first(signature.size() - 1));
        refused(BytesView(signature).subspan(1));
        Bytes longer = signature;
        longer.push_back(0);
        refused(longer);
        longer.push_back(0);
        refused(longer);
        // The same numbers at a greater length.
        Bytes padded = signature;
        padded.insert(padded.begin(), 0);
        refused(padded);
        padded.insert(padded.begin() + static_cast<std::ptrdiff_t>(signature.size() / 2 + 1), 0);
        refused(padded);
    }
}

// Check 30.
TEST(Verify, RefusesAlgorithmsThatDoNotFitTheKey) {
    for (const auto& [source, key, algorithm, data, signature] : vectors()) {
        for (const auto other :
             {SignatureAlgorithm::es256, SignatureAlgorithm::es384, SignatureAlgorithm::es512,
              SignatureAlgorithm::rs256, SignatureAlgorithm::rs384, SignatureAlgorithm::rs512,
              SignatureAlgorithm::ps256, SignatureAlgorithm::ps384, SignatureAlgorithm::ps512,
              SignatureAlgorithm::eddsa}) {
            EXPECT_EQ(verify(key, other, bytes_of(data), signature), other == algorithm) << source;
        }
    }
}

// How r and s are checked against the order of P-256.
// Check 31.
TEST(Verify, RefusesNumbersOutOfRange) {
    const Bytes order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    const Vector vector = vectors().at(5);
    const Bytes r(vector.signature.begin(), vector.signature.begin() + 32);
    const Bytes s(vector.signature.begin() + 32, vector.signature.end());
    const Bytes zero(32), most(32, 0xff);
    // s + n equals s after reduction; it needs more than 256 bits here, as does r + n.
    for (const auto& [first, second] : {std::pair{zero, s},
                                        {r, zero},
                                        {zero, zero},
                                        {order, s},
                                        {r, order},
                                        {order, order},
                                        {most, most}}) {
        Bytes signature = first;
        signature.insert(signature.end(), second.begin(), second.end());
        EXPECT_FALSE(verify(vector.key, vector.algorithm, bytes_of(vector.data), signature));
    }
}

// Check 31.
TEST(Verify, RefusesDer) {
    const auto key = PrivateKey::generate(KeyType::ec_p256);
    const auto data = bytes_of("data");
    const DigestContextHandle context(EVP_MD_CTX_new());
    // DER of a P-256 signature has 72 octets at most, and rarely 64; all lengths are refused.
    for (int i = 0; i < 20; ++i) {
        Bytes der(80);
        std::size_t size = der.size();
        ASSERT_EQ(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.handle()),
                  1);
        ASSERT_EQ(EVP_DigestSign(context.get(), der.data(), &size, data.data(), data.size()), 1);
        der.resize(size);
        EXPECT_FALSE(verify(key.public_key(), SignatureAlgorithm::es256, data, der));
    }
}

// Signatures made by OpenSSL, verified one after the other with one key: the context must keep
// nothing of a verification that affects the next.
TEST(Verify, TakesEveryAlgorithmOfRsa) {
    struct Case {
        SignatureAlgorithm algorithm;
        const EVP_MD* digest;
        int padding, salt;
        bool accepted;
    };
    const auto key = PrivateKey::generate(KeyType::rsa2048);
    const auto data = bytes_of("data");
    const Case cases[] = {
        {SignatureAlgorithm::ps512, EVP_sha512(), RSA_PKCS1_PSS_PADDING, 64, true},
        {SignatureAlgorithm::rs256, EVP_sha256(), RSA_PKCS1_PADDING, 0, true},
        {SignatureAlgorithm::ps256, EVP_sha256(), RSA_PKCS1_PSS_PADDING, 32, true},
        {SignatureAlgorithm::rs384, EVP_sha384(), RSA_PKCS1_PADDING, 0, true},
        {SignatureAlgorithm::ps384, EVP_sha384(), RSA_PKCS1_PSS_PADDING, 48, true},
        {SignatureAlgorithm::rs512, EVP_sha512(), RSA_PKCS1_PADDING, 0, true},
        // RFC 7518 section 3.5: the salt is as long as the digest.
        {SignatureAlgorithm::ps256, EVP_sha256(), RSA_PKCS1_PSS_PADDING, 0, false},
        {SignatureAlgorithm::ps256, EVP_sha256(), RSA_PKCS1_PSS_PADDING, 48, false},
        {SignatureAlgorithm::ps256, EVP_sha256(), RSA_PKCS1_PADDING, 0, false},
        {SignatureAlgorithm::rs256, EVP_sha256(), RSA_PKCS1_PSS_PADDING, 32, false},
        {SignatureAlgorithm::rs256, EVP_sha1(), RSA_PKCS1_PADDING, 0, false},
        {SignatureAlgorithm::rs256, EVP_sha512(), RSA_PKCS1_PADDING, 0, false},
        {SignatureAlgorithm::rs256, EVP_sha256(), RSA_PKCS1_PADDING, 0, true},
    };
    for (const auto& [algorithm, digest, padding, salt, accepted] : cases) {
        const DigestContextHandle context(EVP_MD_CTX_new());
        EVP_PKEY_CTX* scheme = nullptr;
        ASSERT_EQ(EVP_DigestSignInit(context.get(), &scheme, digest, nullptr, key.handle()), 1);
        ASSERT_EQ(EVP_PKEY_CTX_set_rsa_padding(scheme, padding), 1);
        if (padding == RSA_PKCS1_PSS_PADDING) {
            ASSERT_EQ(EVP_PKEY_CTX_set_rsa_pss_saltlen(scheme, salt), 1);
        }
        Bytes signature(256);
        std::size_t size = signature.size();
        ASSERT_EQ(EVP_DigestSign(context.get(), signature.data(), &size, data.data(), data.size()),
                  1);
        EXPECT_EQ(verify(key.public_key(), algorithm, data, signature), accepted)
            << to_string(algorithm) << ' ' << salt;
        EXPECT_EQ(signature_algorithm_from(to_string(algorithm)), algorithm);
    }
}

class SignWith : public ::testing::TestWithParam<KeyType> {};

TEST_P(SignWith, IsVerifiedByItsOwnKeyAlone) {
    const auto key = PrivateKey::generate(GetParam());
    const auto other = PrivateKey::generate(GetParam());
    const auto algorithm = algorithm_for(key.public_key());
    // Many times with P-256: r and s are shorter than usual once in 256 and must be padded then.
    const int times = algorithm == SignatureAlgorithm::es256 ? 1000 : 5;
    std::size_t length = 0;
    for (int i = 0; i < times; ++i) {
        const std::string data = "message " + std::to_string(i);
        const Bytes signature = sign(key, bytes_of(data));
        ASSERT_TRUE(verify(key.public_key(), algorithm, bytes_of(data), signature)) << i;
        if (i == 0) length = signature.size();
        ASSERT_EQ(signature.size(), length);
    }
    const Bytes signature = sign(key, bytes_of("message"));
    EXPECT_FALSE(verify(other.public_key(), algorithm, bytes_of("message"), signature));
    EXPECT_TRUE(verify(key.public_key(), algorithm, {}, sign(key, {})));
}

INSTANTIATE_TEST_SUITE_P(AllTypes, SignWith,
                         ::testing::Values(KeyType::ec_p256, KeyType::ec_p384, KeyType::rsa2048,
                                           KeyType::ed25519),
                         [](const auto& test) {
                             std::string name(to_string(test.param));
                             std::erase(name, '-');
                             return name;
                         });

TEST(Sign, YieldsTheSignatureOfRfc8037) {
    // Appendix A.1 as PKCS#8 (RFC 8410 section 7).
    const std::string pem =
        "-----BEGIN PRIVATE KEY-----\n"
        "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
        "-----END PRIVATE KEY-----\n";
    const auto key = PrivateKey::from_pem(pem);
    ASSERT_TRUE(key) << key.error().message;
    const Vector vector = vectors().at(4);
    EXPECT_EQ(key->public_key(), vector.key);
    EXPECT_EQ(sign(*key, bytes_of(vector.data)), vector.signature);
}

TEST(SignatureAlgorithm, HasNamesThatAreReadBack) {
    for (const auto algorithm :
         {SignatureAlgorithm::es256, SignatureAlgorithm::es384, SignatureAlgorithm::es512,
          SignatureAlgorithm::rs256, SignatureAlgorithm::eddsa}) {
        EXPECT_EQ(signature_algorithm_from(to_string(algorithm)), algorithm);
    }
    EXPECT_EQ(to_string(SignatureAlgorithm::es512), "ES512");
    EXPECT_EQ(signature_algorithm_from("Ed25519"), SignatureAlgorithm::eddsa);
    for (const auto* text :
         {"", "none", "HS256", "es256", "ES256 ", "RS1", "PS1", "ES256K", "Ed448"}) {
        EXPECT_FALSE(signature_algorithm_from(text)) << text;
    }
}

TEST(Signature, IsVerifiedOnManyThreadsWithOneKey) {
    for (const auto type : {KeyType::ec_p256, KeyType::rsa2048, KeyType::ed25519}) {
        const auto key = PrivateKey::generate(type);
        const auto data = base::bytes_of("data");
        const auto signature = sign(key, data);
        // The key is new, so that the threads race while its context is set up.
        const auto shared = PublicKey::from_spki(key.public_key().spki()).value();
        std::atomic<int> right = 0;
        {
            std::vector<std::jthread> threads;
            for (int i = 0; i < 8; ++i) {
                threads.emplace_back([&] {
                    const auto algorithm = algorithm_for(shared);
                    for (int round = 0; round < 25; ++round) {
                        right += verify(shared, algorithm, data, signature) ? 1 : 0;
                        right -= verify(shared, algorithm, base::bytes_of("other"), signature);
                    }
                });
            }
        }
        EXPECT_EQ(right, 200) << to_string(type);
    }
}

TEST(Signature, OneKeyTakesDigestsAndForgeriesInTurn) {
    // The contexts of a key are reused: nothing of one verification may affect the next.
    for (const auto type : {KeyType::rsa2048, KeyType::ec_p256}) {
        const auto key = PrivateKey::generate(type);
        const auto data = bytes_of("what is signed");
        const auto other = bytes_of("what is not");
        const std::array digests = {sha256_algorithm(), sha512_algorithm(), sha384_algorithm()};
        for (int round = 0; round < 2; ++round) {
            for (const auto* digest : digests) {
                const auto signature = sign_raw(key, digest, data);
                EXPECT_FALSE(verify_raw(key.public_key(), digest, other, signature));
                EXPECT_TRUE(verify_raw(key.public_key(), digest, data, signature));
                EXPECT_FALSE(verify_raw(key.public_key(), digest, data, Bytes{1, 2, 3}));
                EXPECT_TRUE(verify_raw(key.public_key(), digest, data, signature));
                EXPECT_EQ(ERR_peek_error(), 0UL);
            }
        }
    }
}

}  // namespace
}  // namespace cairn::crypto::signature_test
