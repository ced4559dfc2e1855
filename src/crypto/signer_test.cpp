#include "crypto/signer.h"

#include <stdexcept>

#include <gtest/gtest.h>

namespace cairn::crypto::signer_test {
namespace {

const auto data = base::bytes_of("to be signed");

TEST(Signer, SignsWithAKeyInMemory) {
    for (const auto type :
         {KeyType::ec_p256, KeyType::ec_p384, KeyType::rsa2048, KeyType::ed25519}) {
        const auto key = PrivateKey::generate(type);
        const Signer signer = key;
        EXPECT_EQ(signer.public_key(), key.public_key());
        EXPECT_EQ(signer.algorithm(), algorithm_for(key.public_key()));
        EXPECT_TRUE(verify(key.public_key(), signer.algorithm(), data, signer.sign(data)))
            << to_string(type);
    }
}

/// A device that has been taken away.
class LostDevice final : public KeyHolder {
  public:
    [[nodiscard]] const PublicKey& public_key() const override { return key_.public_key(); }
    [[nodiscard]] base::Bytes sign(base::BytesView) const override {
        throw std::runtime_error("the device is gone");
    }

  private:
    PrivateKey key_ = PrivateKey::generate(KeyType::ec_p256);
};

TEST(Signer, SignsWithWhateverHoldsTheKey) {
    const auto device = std::make_shared<LostDevice>();
    const Signer signer(device);
    const Signer copy = signer;
    EXPECT_EQ(copy.public_key(), device->public_key());
    EXPECT_THROW(static_cast<void>(copy.sign(data)), std::runtime_error);
}

}  // namespace
}  // namespace cairn::crypto::signer_test
