#include "crypto/weak_keys.h"

#include <string>

#include <gtest/gtest.h>

namespace cairn::crypto::weak_keys_test {
namespace {

/// 2048 bits in a pattern; nobody's key.
PublicKey key() {
    base::Bytes modulus(256, 0xc5);
    modulus.back() = 0xc7;
    return PublicKey::from_rsa(modulus, base::Bytes{1, 0, 1}).value();
}

// By `printf 'Modulus=%s\n' C5C5...C7 | sha1sum`.
constexpr const char* digest = "efe10be8f360359b63d68a73706fd282ee28235b";

TEST(WeakKeysTest, KnowsAListedKeyByTheTailOfItsDigest) {
    const std::string tail = std::string(digest).substr(20);
    for (const auto& list : {tail + "\n", "# a comment\n\n" + tail, std::string(digest) + "\r\n",
                             "00000000000000000000\n" + tail + "\nffffffffffffffffffff\n" + tail}) {
        WeakKeys keys;
        ASSERT_TRUE(keys.add(list)) << list;
        EXPECT_TRUE(keys.contains(key())) << list;
    }
    WeakKeys keys;
    EXPECT_FALSE(keys.contains(key()));
    ASSERT_TRUE(keys.add("00000000000000000000\n"));
    EXPECT_FALSE(keys.contains(key()));
    ASSERT_TRUE(keys.add(tail));
    EXPECT_TRUE(keys.contains(key())) << "several files are one list";
    EXPECT_EQ(keys.size(), 2U);
    EXPECT_FALSE(keys.contains(PrivateKey::generate(KeyType::ec_p256).public_key()));
}

TEST(WeakKeysTest, RefusesWhatIsNoList) {
    for (const char* bad : {"", "\n# only words\n", "0123\n", "0123456789012345678g\n",
                            "000000000000000000000000\n", "Modulus=00\n"}) {
        WeakKeys keys;
        EXPECT_FALSE(keys.add(bad)) << bad;
        EXPECT_EQ(keys.size(), 0U);
    }
    WeakKeys keys;
    EXPECT_TRUE(keys.add("00000000000000000000\nx\n").error().message.contains("line 2"));
    EXPECT_EQ(keys.size(), 0U);
}

}  // namespace
}  // namespace cairn::crypto::weak_keys_test
