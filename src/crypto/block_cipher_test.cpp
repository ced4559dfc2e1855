#include "crypto/block_cipher.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace cairn::crypto::block_cipher_test {
namespace {

// Fills with the octets of a key, as FIPS 197 appendix C.1 counts them: 00 01 02 ...
class CountingRandom final : public Random {
  public:
    void fill(std::span<std::uint8_t> octets) override {
        std::uint8_t next = 0;
        std::ranges::generate(octets, [&] { return next++; });
    }
};

TEST(BlockCipherTest, IsAes128) {
    CountingRandom random;
    BlockCipher cipher(random);
    BlockCipher::Block block{};
    for (std::size_t i = 0; i < block.size(); ++i) block[i] = static_cast<std::uint8_t>(i * 0x11);
    const auto encrypted = cipher.encrypt(block);
    EXPECT_EQ(base::to_hex(encrypted), "69c4e0d86a7b0430d8cdb78070b4c55a");
    EXPECT_EQ(cipher.decrypt(encrypted), block);
}

TEST(BlockCipherTest, EachHasItsOwnKey) {
    SystemRandom random;
    BlockCipher one(random), other(random);
    const BlockCipher::Block block{};
    EXPECT_NE(one.encrypt(block), other.encrypt(block));
}

}  // namespace
}  // namespace cairn::crypto::block_cipher_test
