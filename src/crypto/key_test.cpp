#include "crypto/key.h"

#include <stdexcept>
#include <thread>

#include <openssl/core_names.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/openssl.h"
#include "crypto/signature.h"
#include "crypto/testing/openssl_keys.h"

namespace cairn::crypto::key_test {
namespace {

using base::Bytes;
using base::BytesView;
using testing::b64;
using testing::concatenated;
using testing::ec_keygen;
using testing::ed25519_key;
using ::testing::HasSubstr;
using testing::pem_of;
using testing::shared;

Bytes hex(std::string_view text) {
    return base::from_hex(text).value();
}

// RFC 7515 appendix A.3.
const Bytes p256_x = b64("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
const Bytes p256_y = b64("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");

std::shared_ptr<EVP_PKEY> rsa_pss_keygen() {
    const PkeyContextHandle context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA-PSS", nullptr));
    EVP_PKEY* key = nullptr;
    require(EVP_PKEY_keygen_init(context.get()) == 1 && EVP_PKEY_keygen(context.get(), &key) == 1,
            "RSA-PSS");
    return shared(key);
}

Bytes spki_of(EVP_PKEY* key) {
    unsigned char* octets = nullptr;
    const int size = i2d_PUBKEY(key, &octets);
    if (size < 0) throw std::runtime_error(openssl_error());
    Bytes result(octets, octets + size);
    OPENSSL_free(octets);
    return result;
}

struct Generated {
    KeyType type;
    KeyAlgorithm algorithm;
    int bits;
};

class GeneratedKey : public ::testing::TestWithParam<Generated> {};

TEST_P(GeneratedKey, SurvivesItsEncodings) {
    const auto [type, algorithm, bits] = GetParam();
    const auto key = PrivateKey::generate(type);
    EXPECT_EQ(key.public_key().algorithm(), algorithm);
    EXPECT_EQ(key.public_key().bits(), bits);
    // OpenSSL's encoder agrees with the encoding that is put together here.
    EXPECT_EQ(key.public_key().spki(), spki_of(key.handle()));
    EXPECT_EQ(key.public_key().spki(), spki_of(key.public_key().handle()));

    const auto from_spki = PublicKey::from_spki(key.public_key().spki());
    ASSERT_TRUE(from_spki) << from_spki.error().message;
    EXPECT_EQ(*from_spki, key.public_key());
    EXPECT_EQ(EVP_PKEY_eq(from_spki->handle(), key.handle()), 1);

    const auto pem = key.to_pem();
    const auto text = base::text_of(pem);
    EXPECT_TRUE(text.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    EXPECT_TRUE(text.ends_with("-----END PRIVATE KEY-----\n"));
    const auto reread = PrivateKey::from_pem(text);
    ASSERT_TRUE(reread) << reread.error().message;
    EXPECT_EQ(reread->public_key(), key.public_key());
    EXPECT_EQ(reread->to_pem(), pem);
}

INSTANTIATE_TEST_SUITE_P(AllTypes, GeneratedKey,
                         ::testing::Values(Generated{KeyType::ec_p256, KeyAlgorithm::ec_p256, 256},
                                           Generated{KeyType::ec_p384, KeyAlgorithm::ec_p384, 384},
                                           Generated{KeyType::rsa2048, KeyAlgorithm::rsa, 2048},
                                           Generated{KeyType::rsa3072, KeyAlgorithm::rsa, 3072},
                                           Generated{KeyType::rsa4096, KeyAlgorithm::rsa, 4096},
                                           Generated{KeyType::ed25519, KeyAlgorithm::ed25519, 255}),
                         [](const auto& test) {
                             std::string name(to_string(test.param.type));
                             std::erase(name, '-');
                             return name;
                         });

TEST(PublicKey, HoldsTheEcPointOfRfc7515) {
    const auto key = PublicKey::from_ec_point(KeyAlgorithm::ec_p256, p256_x, p256_y);
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(key->algorithm(), KeyAlgorithm::ec_p256);
    EXPECT_EQ(key->ec_point().x, p256_x);
    EXPECT_EQ(key->ec_point().y, p256_y);
    EXPECT_EQ(key->spki(), spki_of(key->handle()));
    EXPECT_EQ(PublicKey::from_spki(key->spki()), *key);
}

TEST(PublicKey, OfP521IsKnown) {
    const auto handle = ec_keygen("P-521");
    const auto key = PublicKey::from_spki(spki_of(handle.get()));
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(key->algorithm(), KeyAlgorithm::ec_p521);
    EXPECT_EQ(key->bits(), 521);
    EXPECT_EQ(key->ec_point().x.size(), 66U);
    EXPECT_EQ(PublicKey::from_ec_point(KeyAlgorithm::ec_p521, key->ec_point().x, key->ec_point().y),
              *key);
}

// Check 39.
TEST(PublicKey, RefusesPointsThatAreNone) {
    Bytes off_curve = p256_y;
    off_curve.back() ^= 1;
    const Bytes field_prime =
        hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    const Bytes zero(32);
    const struct {
        const char* why;
        KeyAlgorithm curve;
        Bytes x, y;
    } cases[] = {
        {"not on the curve", KeyAlgorithm::ec_p256, p256_x, off_curve},
        {"swapped", KeyAlgorithm::ec_p256, p256_y, p256_x},
        {"zero", KeyAlgorithm::ec_p256, zero, zero},
        {"beyond the field", KeyAlgorithm::ec_p256, field_prime, p256_y},
        {"short x", KeyAlgorithm::ec_p256, Bytes(p256_x.begin() + 1, p256_x.end()), p256_y},
        {"padded x", KeyAlgorithm::ec_p256, concatenated(Bytes{0}, p256_x), p256_y},
        {"padded y", KeyAlgorithm::ec_p256, p256_x, concatenated(Bytes{0}, p256_y)},
        {"empty", KeyAlgorithm::ec_p256, {}, {}},
        {"another curve", KeyAlgorithm::ec_p384, p256_x, p256_y},
        {"RSA has no points", KeyAlgorithm::rsa, p256_x, p256_y},
        {"Ed25519 has no x and y", KeyAlgorithm::ed25519, p256_x, p256_y},
    };
    for (const auto& [why, curve, x, y] : cases) {
        EXPECT_FALSE(PublicKey::from_ec_point(curve, x, y)) << why;
    }
}

TEST(PublicKey, HoldsTheRsaNumbersItWasMadeOf) {
    Bytes modulus(256, 0x11);
    modulus.front() = 0x80;
    modulus.back() = 0x01;
    const Bytes exponent = {1, 0, 1};
    const auto key = PublicKey::from_rsa(modulus, exponent);
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(key->algorithm(), KeyAlgorithm::rsa);
    EXPECT_EQ(key->bits(), 2048);
    EXPECT_EQ(key->rsa_numbers().modulus, modulus);
    EXPECT_EQ(key->rsa_numbers().exponent, exponent);
    EXPECT_EQ(key->spki(), spki_of(key->handle()));
    EXPECT_EQ(PublicKey::from_spki(key->spki()), *key);
}

TEST(PublicKey, BoundsRsaNumbers) {
    const auto modulus = [](std::size_t size, std::uint8_t first) {
        Bytes octets(size, 0x11);
        octets.front() = first;
        return octets;
    };
    const Bytes f4 = {1, 0, 1};
    const Bytes usual = modulus(256, 0x80);
    const struct {
        const char* why;
        Bytes modulus, exponent;
        bool accepted;
    } cases[] = {
        {"512 bits", modulus(64, 0x80), f4, true},
        {"511 bits", modulus(64, 0x7f), f4, false},
        {"16384 bits", modulus(2048, 0x80), f4, true},
        {"16385 bits", modulus(2049, 0x01), f4, false},
        {"1 MiB", modulus(1U << 20, 0x01), f4, false},
        {"no modulus", {}, f4, false},
        {"zero modulus", {0}, f4, false},
        {"padded modulus", concatenated(Bytes{0}, usual), f4, false},
        {"exponent 3", usual, {3}, true},
        {"exponent 1", usual, {1}, false},
        {"exponent 0", usual, {0}, false},
        {"even exponent", usual, {1, 0, 0}, false},
        {"no exponent", usual, {}, false},
        {"padded exponent", usual, {0, 1, 0, 1}, false},
        {"exponent as long as the modulus", usual, usual, true},
        {"exponent longer than the modulus", usual, modulus(257, 1), false},
    };
    for (const auto& [why, n, e, accepted] : cases) {
        EXPECT_EQ(PublicKey::from_rsa(n, e).has_value(), accepted) << why;
    }
}

TEST(PublicKey, HoldsTheEd25519KeyOfRfc8037) {
    const auto key = PublicKey::from_ed25519(ed25519_key);
    ASSERT_TRUE(key);
    EXPECT_EQ(key->ed25519_raw(), ed25519_key);
    EXPECT_EQ(key->spki(), spki_of(key->handle()));
    EXPECT_EQ(PublicKey::from_spki(key->spki()), *key);
    EXPECT_FALSE(PublicKey::from_ed25519({}));
    EXPECT_FALSE(PublicKey::from_ed25519(Bytes(31)));
    EXPECT_FALSE(PublicKey::from_ed25519(Bytes(33)));
}

TEST(PublicKey, HasNoNumbersOfOtherKinds) {
    const auto key = PublicKey::from_ed25519(ed25519_key).value();
    EXPECT_THROW((void)key.ec_point(), std::logic_error);
    EXPECT_THROW((void)key.rsa_numbers(), std::logic_error);
    const auto ec = PublicKey::from_ec_point(KeyAlgorithm::ec_p256, p256_x, p256_y).value();
    EXPECT_THROW((void)ec.ed25519_raw(), std::logic_error);
    EXPECT_THROW((void)ec.rsa_numbers(), std::logic_error);
}

// The same key in an encoding that OpenSSL accepts and this reader refuses.
// Check 136.
TEST(PublicKey, RefusesOtherEncodingsOfKnownKeys) {
    const auto handle = ec_keygen("P-256");
    ASSERT_TRUE(PublicKey::from_spki(spki_of(handle.get())));

    ASSERT_EQ(EVP_PKEY_set_utf8_string_param(
                  handle.get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"),
              1);
    const Bytes compressed = spki_of(handle.get());
    EXPECT_EQ(compressed.size(), 59U);
    EXPECT_FALSE(PublicKey::from_spki(compressed));

    ASSERT_EQ(EVP_PKEY_set_utf8_string_param(handle.get(),
                                             OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "hybrid"),
              1);
    EXPECT_FALSE(PublicKey::from_spki(spki_of(handle.get())));

    ASSERT_EQ(EVP_PKEY_set_utf8_string_param(
                  handle.get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed"),
              1);
    ASSERT_EQ(EVP_PKEY_set_utf8_string_param(handle.get(), OSSL_PKEY_PARAM_EC_ENCODING, "explicit"),
              1);
    const Bytes explicit_parameters = spki_of(handle.get());
    EXPECT_GT(explicit_parameters.size(), 200U);
    EXPECT_FALSE(PublicKey::from_spki(explicit_parameters));

    // As an object rather than as octets it is a key like any other.
    const auto key = PublicKey::from_handle(handle);
    ASSERT_TRUE(key);
    EXPECT_TRUE(PublicKey::from_spki(key->spki()));
}

TEST(PublicKey, RefusesOtherAlgorithms) {
    for (const auto& handle : {
             ec_keygen("P-224"),
             ec_keygen("secp256k1"),
             ec_keygen("brainpoolP256r1"),
             shared(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519")),
             shared(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448")),
             rsa_pss_keygen(),
         }) {
        EXPECT_FALSE(PublicKey::from_spki(spki_of(handle.get())));
        EXPECT_FALSE(PublicKey::from_handle(handle));
        EXPECT_FALSE(PrivateKey::from_pem(pem_of(handle.get())));
    }
}

// Each change to a valid encoding: octets behind it, octets missing, and every single octet of
// what is not the key itself.
TEST(PublicKey, HasOneEncodingOnly) {
    const Bytes rsa =
        PublicKey::from_rsa(concatenated(Bytes{0x80}, Bytes(127, 0x33)), Bytes{1, 0, 1})->spki();
    const struct {
        Bytes spki;
        std::size_t key_starts;  // from here octets may change and yield another key
    } cases[] = {
        {PublicKey::from_ec_point(KeyAlgorithm::ec_p256, p256_x, p256_y)->spki(), 27},
        {PublicKey::from_ed25519(ed25519_key)->spki(), 12},
        {rsa, 28},
    };
    for (const auto& [spki, key_starts] : cases) {
        ASSERT_TRUE(PublicKey::from_spki(spki));
        EXPECT_FALSE(PublicKey::from_spki(concatenated(spki, Bytes{0})));
        EXPECT_FALSE(PublicKey::from_spki(concatenated(spki, spki)));
        for (std::size_t size = 0; size < spki.size(); ++size) {
            EXPECT_FALSE(PublicKey::from_spki(BytesView(spki).first(size))) << size;
        }
        for (std::size_t i = 0; i < key_starts; ++i) {
            for (int bit = 0; bit < 8; ++bit) {
                Bytes changed = spki;
                changed[i] ^= static_cast<std::uint8_t>(1 << bit);
                EXPECT_FALSE(PublicKey::from_spki(changed)) << i;
            }
        }
    }
}

TEST(PublicKey, RefusesRsaInAnyButItsDer) {
    const std::string modulus =
        "00"
        "80" +
        std::string(254, '3');
    const std::string algorithm = "300d06092a864886f70d0101010500";
    const std::string pair =
        "308189"
        "028181" +
        modulus + "0203010001";
    ASSERT_TRUE(PublicKey::from_spki(hex("30819f" + algorithm + "03818d00" + pair)));

    const struct {
        const char* why;
        std::string spki;
    } cases[] = {
        {"without NULL",
         "30819d"
         "300b06092a864886f70d010101"
         "03818d00" +
             pair},
        {"unused bits", "30819f" + algorithm + "03818d01" + pair},
        {"negative modulus", "30819e" + algorithm +
                                 "03818c00"
                                 "308188"
                                 "028180"
                                 "80" +
                                 std::string(254, '3') + "0203010001"},
        {"padded exponent", "3081a0" + algorithm +
                                "03818e00"
                                "30818a"
                                "028181" +
                                modulus + "020400010001"},
        {"octets behind the pair", "3081a1" + algorithm + "03818f00" + pair + "0500"},
        {"octets behind the bit string", "3081a1" + algorithm + "03818d00" + pair + "0500"},
        {"long length", "3082009f" + algorithm + "03818d00" + pair},
        {"even exponent", "30819f" + algorithm +
                              "03818d00"
                              "308189"
                              "028181" +
                              modulus + "0203010000"},
    };
    for (const auto& [why, spki] : cases) EXPECT_FALSE(PublicKey::from_spki(hex(spki))) << why;
}

// Under TSan: keys are made from shared templates and read by several threads.
TEST(PublicKey, IsMadeAndUsedByManyThreads) {
    const auto key = PrivateKey::generate(KeyType::ec_p256);
    const auto data = base::bytes_of("data");
    const Bytes signature = sign(key, data);
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&] {
            for (int i = 0; i < 50; ++i) {
                const auto again = PublicKey::from_spki(key.public_key().spki());
                EXPECT_TRUE(verify(*again, SignatureAlgorithm::es256, data, signature));
                EXPECT_TRUE(verify(key.public_key(), SignatureAlgorithm::es256, data, signature));
                EXPECT_EQ(sign(key, data).size(), 64U);
            }
        });
    }
}

}  // namespace
}  // namespace cairn::crypto::key_test
