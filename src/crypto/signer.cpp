#include "crypto/signer.h"

namespace cairn::crypto {
namespace {

class KeyInMemory final : public KeyHolder {
  public:
    explicit KeyInMemory(PrivateKey key) : key_(std::move(key)) {}
    [[nodiscard]] const PublicKey& public_key() const override { return key_.public_key(); }
    [[nodiscard]] base::Bytes sign(base::BytesView data) const override {
        return crypto::sign(key_, data);
    }

  private:
    PrivateKey key_;
};

}  // namespace

Signer::Signer(const PrivateKey& key) : holder_(std::make_shared<KeyInMemory>(key)) {}

}  // namespace cairn::crypto
