#include "crypto/key_weakness.h"

#include <gtest/gtest.h>

#include "base/base64url.h"
#include "crypto/openssl.h"

namespace cairn::crypto::key_weakness_test {
namespace {

using base::Bytes;

// Two primes of the form k * M + (65537^a mod M), M the product of the first 126 primes.
constexpr std::string_view roca_modulus =
    "ad17816a1b28d897239f2e3e75937f473c5a4aabaa0c258d9e1faa5a4884c60787211cae3bdaa7d655f9ba6b"
    "e9e7aeb35bd806caae895297fe20200bd97515e6d025685e0fe5f06f170915c926bec859048c7625f9a1305d"
    "122b1015a0193edf168f9f7a601a0a3d358d434585eca3c21b7e43631915eab6c1a2ef4928736ffdd5826281"
    "0a999891e46280d6695e78552b0b45bc63830b2b52177f8bff0ad38304f3079fe4d962867cabaa7530b048b4"
    "8d6eae25577099521b936d0d94c5829e57143fc83bb09ecc9694b52c8e055659414fd9faf1c4cc602325f422"
    "24e08d0c87d125e117e34dadbd5ba93bbbf2ced47129758109f1e7436126957550bc2f69";

// A random prime of 1024 bits and the next one.
constexpr std::string_view close_primes_modulus =
    "eb58960767f8f05bdf0f27c242439f053714bbd36a7a9b5acf92b64beaa83b3584b7ad939c6ee766522fcfa2"
    "5539f2ea484be76a14a47a06dbade78e07c3ca6b089da1c88f30c5ff5cb28210275ee92ea45531a0df593a44"
    "760f7639621d3d94c9dce3c522e5ab04b316c034ed41eab06fbc454e40cfd7b8b0bbf2d1feb446f1a3966e39"
    "173788c495c807380a2f2fe636d1b06ff2a13328a99f182e1d8da6614680e79d2bf9dc474b7d4884204f0959"
    "7af71ea84f18c1337dc5a26841ba0adf02dd7597014e6b193d3f5dcd44dcb397d3c9e811824060f3ca480f55"
    "66c1acf8f41e65414b19c28167b7529791278507a8c19c3747a65da7a51d7c22b7c42369";

// (a - d) * (a + d) with a at 1, 100 and 101 above the modulus' square root.
constexpr std::string_view first_round_modulus =
    "bd9feb335992859ce6d8954e42adca95d61ca372b1e9de5a23bf4d00443d76530b7661a625743c8ab4e7d68c"
    "2bc4a7ecd1e706070a4d537802324ede6f24de4b8fa73c399e044818b98ee585ee8af907dd9210768c74ca3d"
    "64a6021af815998d4f007b47110cab6e0df549e6b9e601429d96e1aa07a51c3b5e8c8df93da1a964758be6cb"
    "d4b75c8821b3b144cce7bdfe7ff784a6e612bed9566b088e6100661049ec6fe2e62bc46a64ce276f9f6fb39f"
    "62ba2466c34265dd73056fded8e2af35acb18e2b1c3824db0a3e8adebec68bb30ff1473e9e125a689f4a1d2d"
    "9b8cd688156476bb3a21fded72bc3901fdc50521af7629c3daa8c863c332e377a2efdb21";

constexpr std::string_view last_round_modulus =
    "caf42b7f285a5d21ec795cc5ac149748457f61fe712b2970bea07a38a61236de5a9feabcf731248c31a31de8"
    "505731e26ca394b461610e09aace072f20b4e3a8e38e7cdf7f96bac0c132b407f6c7c3bed9e71e5b5e8bf02c"
    "5cd83ee13961327855ff074e2b83e0c742bdc8dd0d5ca7ca82b69429da0752c7edd7a562b835bd165e51259f"
    "d0a638c37074d3808ab293307e7fe96e813b494996974c9937c059c9cfbb684bf686e8b8a99869c6cae3b1be"
    "260928aeab78745c936a00af144eb02c6f02d04529d6279e04c54ffad339aa69a5341d96096c138b6d4a7ac9"
    "4f1e02e496d8c741b31599021fd0fcbd53133d2ea49511733ed127283e54200570c39fad";

constexpr std::string_view beyond_last_round_modulus =
    "ad8c77029a01a576ddfb85eb445010d45176eb2fc7d6e88429799d372c7aa87f38ad7caa7fce96cf2ee57b41"
    "76893ce9ef961509f77e994b451afb503931ed2edd0bb749bb290f288bc06c69406b9bed7aca0f37c6195f6e"
    "db79b63ab10fc758e25de600438716a0da43d73d726112a85a768bdd5fd66dceefccef66075b293456f75c2c"
    "5d044a6ad19642fe566b697cd2654af9f375ac905f5a690cda23d7a28a877caea11aa7ae831370f69c0a6d59"
    "533a7f67662a0304b2e554822208d406b1cc9f1f44e2030b7042c328318bce99bacb86e79bcea15bedbbf0c5"
    "bba3e5749687f54fc624e5f4097328cbb55615f79c82f1567f66c1936893c8232fe22c99";

const Bytes f4 = {1, 0, 1};

Bytes hex(std::string_view text) {
    return base::from_hex(text).value();
}

// RFC 7638 section 3.1.
const Bytes sound_modulus =
    base::from_base64url(
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
        "BJECP"
        "ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
        "FDW2QvzqY"
        "368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-"
        "bFTWhAI4vMQFh6WeZu0f"
        "M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw")
        .value();

std::optional<std::string> weakness(const Bytes& modulus, const Bytes& exponent = f4) {
    return key_weakness(PublicKey::from_rsa(modulus, exponent).value());
}

Bytes octets_of(const BIGNUM* number) {
    Bytes octets(static_cast<std::size_t>(BN_num_bytes(number)));
    BN_bn2bin(number, octets.data());
    return octets;
}

/// A number of this many bits that starts with 111 and has no factor below 752: nothing is wrong
/// with it that can be seen.
BigNumberHandle unsuspicious(int bits) {
    BigNumberHandle number(BN_new());
    for (const int bit : {bits - 1, bits - 2, bits - 3, 0}) BN_set_bit(number.get(), bit);
    const auto has_small_factor = [&] {
        for (unsigned divisor = 2; divisor < 752; ++divisor) {
            if (BN_mod_word(number.get(), divisor) == 0) return true;
        }
        return false;
    };
    while (has_small_factor()) BN_add_word(number.get(), 2);
    return number;
}

Bytes modulus_of(int bits) {
    return octets_of(unsuspicious(bits).get());
}

/// A multiple of 2048 bits of an odd `factor`, without other small factors.
Bytes multiple_of(unsigned factor) {
    for (int bits = 2048;; --bits) {
        const auto number = unsuspicious(bits);
        BN_mul_word(number.get(), factor);
        if (BN_num_bits(number.get()) == 2048) return octets_of(number.get());
    }
}

TEST(KeyWeakness, FindsNothingInSoundKeys) {
    EXPECT_EQ(weakness(sound_modulus), std::nullopt);
    for (const KeyType type :
         {KeyType::rsa2048, KeyType::ec_p256, KeyType::ec_p384, KeyType::ed25519}) {
        EXPECT_EQ(key_weakness(PrivateKey::generate(type).public_key()), std::nullopt);
    }
}

// Check 136.
TEST(KeyWeakness, BoundsTheSizeOfAModulus) {
    const struct {
        int bits;
        std::optional<std::string> weakness;
    } cases[] = {
        {512, "RSA modulus has fewer than 2048 bits"},
        {1024, "RSA modulus has fewer than 2048 bits"},
        {2047, "RSA modulus has fewer than 2048 bits"},
        {2048, std::nullopt},
        {2049, "RSA modulus has a number of bits that is not divisible by 8"},
        {2056, std::nullopt},
        {3071, "RSA modulus has a number of bits that is not divisible by 8"},
        {3072, std::nullopt},
        {8192, std::nullopt},
        {8193, "RSA modulus has more than 8192 bits"},
        {8200, "RSA modulus has more than 8192 bits"},
        {16384, "RSA modulus has more than 8192 bits"},
    };
    for (const auto& [bits, expected] : cases) {
        EXPECT_EQ(weakness(modulus_of(bits)), expected) << bits;
    }
}

// Check 136.
TEST(KeyWeakness, BoundsTheExponent) {
    const auto power_of_two_and_one = [](std::size_t exponent) {
        Bytes octets(exponent / 8 + 1);
        octets.front() = static_cast<std::uint8_t>(1U << exponent % 8);
        octets.back() |= 1;
        return octets;
    };
    const struct {
        Bytes exponent;
        std::optional<std::string> weakness;
    } cases[] = {
        {{3}, "RSA exponent is below 65537"},
        {{17}, "RSA exponent is below 65537"},
        {{0xff, 0xff}, "RSA exponent is below 65537"},
        {{1, 0, 1}, std::nullopt},
        {{1, 0, 3}, std::nullopt},
        {{0xff, 0xff, 0xff, 0xff}, std::nullopt},
        {power_of_two_and_one(64), std::nullopt},
        {power_of_two_and_one(255), std::nullopt},
        {Bytes(32, 0xff), std::nullopt},
        {power_of_two_and_one(256), "RSA exponent is above 2^256"},
        {power_of_two_and_one(2000), "RSA exponent is above 2^256"},
    };
    for (const auto& [exponent, expected] : cases) {
        EXPECT_EQ(weakness(sound_modulus, exponent), expected) << base::to_hex(exponent);
        const auto by_size = size_weakness(PublicKey::from_rsa(sound_modulus, exponent).value());
        EXPECT_EQ(by_size.has_value(), expected == "RSA exponent is above 2^256");
    }
}

// Check 136.
TEST(KeyWeakness, IsAnEvenModulus) {
    Bytes even = sound_modulus;
    even.back() &= 0xfe;
    EXPECT_EQ(weakness(even), "RSA modulus is even");
}

// Check 136.
TEST(KeyWeakness, IsASmallFactor) {
    for (const unsigned factor : {3U, 5U, 7U, 163U, 167U, 173U, 743U, 751U}) {
        EXPECT_EQ(weakness(multiple_of(factor)), "RSA modulus has a prime factor below 752")
            << factor;
    }
    EXPECT_EQ(weakness(multiple_of(757)), std::nullopt);
}

// Check 136.
TEST(KeyWeakness, IsTheRocaFingerprint) {
    EXPECT_EQ(weakness(hex(roca_modulus)), "RSA modulus has the ROCA fingerprint");
}

// Check 136.
TEST(KeyWeakness, IsPrimesCloseToEachOther) {
    const std::string expected = "RSA modulus has primes close to each other";
    EXPECT_EQ(weakness(hex(close_primes_modulus)), expected);
    EXPECT_EQ(weakness(hex(first_round_modulus)), expected);
    EXPECT_EQ(weakness(hex(last_round_modulus)), expected);
    EXPECT_EQ(weakness(hex(beyond_last_round_modulus)), std::nullopt);
}

TEST(KeyWeakness, IsASquare) {
    const auto root = unsuspicious(1024);
    const BigNumberContextHandle context(BN_CTX_new());
    const BigNumberHandle square(BN_new());
    BN_sqr(square.get(), root.get(), context.get());
    ASSERT_EQ(BN_num_bits(square.get()), 2048);
    EXPECT_EQ(weakness(octets_of(square.get())), "RSA modulus has primes close to each other");
}

TEST(KeyWeakness, KnowsNoneOfP521) {
    const std::shared_ptr<EVP_PKEY> handle(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-521"),
                                           &EVP_PKEY_free);
    EXPECT_EQ(key_weakness(PublicKey::from_handle(handle).value()), std::nullopt);
}

}  // namespace
}  // namespace cairn::crypto::key_weakness_test
