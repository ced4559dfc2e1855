#pragma once

#include <memory>

#include "ca/ports/signer.h"
#include "ca/ports/signing_key.h"
#include "crypto/key.h"

namespace cairn::ca {

/// A key in this process's memory. A signature of an elliptic curve is brief; one of RSA takes up
/// to milliseconds.
class MemoryKey final : public SigningKey {
  public:
    explicit MemoryKey(crypto::PrivateKey key) : key_(std::move(key)) {}
    [[nodiscard]] const crypto::PublicKey& public_key() const override { return key_.public_key(); }
    [[nodiscard]] Pace pace() const override;
    [[nodiscard]] Signer::Place place() const override { return Signer::Place::in_process; }
    [[nodiscard]] base::Bytes sign(base::BytesView octets) const override;

  private:
    crypto::PrivateKey key_;
};

/// Signs with one key. Where that is brief it is done on the caller's executor, and on
/// `slow_signing`, whose threads serve nothing else, where it is not.
class KeySigner final : public Signer {
  public:
    KeySigner(std::unique_ptr<SigningKey> key, base::Executor slow_signing);
    /// With a key in memory.
    KeySigner(crypto::PrivateKey key, base::Executor slow_signing);
    [[nodiscard]] const crypto::PublicKey& public_key() const override {
        return key_->public_key();
    }
    [[nodiscard]] Place place() const override { return key_->place(); }
    /// Also throws std::logic_error if the draft is for a key of another algorithm.
    [[nodiscard]] base::Task<base::Bytes> sign(Draft draft) override;

  private:
    base::Task<base::Bytes> make_signature(Draft draft) const;

    std::unique_ptr<SigningKey> key_;
    base::Executor slow_signing_;
};

}  // namespace cairn::ca
