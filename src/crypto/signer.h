#pragma once

#include <memory>

#include "base/bytes.h"
#include "crypto/key.h"
#include "crypto/signature.h"

namespace cairn::crypto {

/// What holds a private key and signs with it, wherever the key is: in the memory of this process,
/// in an HSM, in a TPM. Thread-safe.
class KeyHolder {
  public:
    virtual ~KeyHolder() = default;
    /// The public half of the key.
    [[nodiscard]] virtual const PublicKey& public_key() const = 0;
    /// The key's signature over `data` by the algorithm that `algorithm_for` names for it, in the
    /// form of JOSE: r and s side by side at full length for ECDSA (RFC 7518 section 3.4). Returns
    /// when the signature is made. Throws std::runtime_error if the key cannot sign.
    [[nodiscard]] virtual base::Bytes sign(base::BytesView data) const = 0;
};

/// A private key to sign with, which need not be in this process. An immutable value, cheap to copy
/// (the copies share the holder), safe to share between threads.
class Signer {
  public:
    /// A key in the memory of this process: wherever a signer is wanted, such a key will do.
    Signer(const PrivateKey& key);
    /// A key that `holder`, which is not null, signs with.
    explicit Signer(std::shared_ptr<const KeyHolder> holder) : holder_(std::move(holder)) {}

    [[nodiscard]] const PublicKey& public_key() const { return holder_->public_key(); }
    /// What `sign` signs with.
    [[nodiscard]] SignatureAlgorithm algorithm() const { return algorithm_for(public_key()); }
    /// The signature over `data`, in the form of JOSE. Throws std::runtime_error if the key cannot
    /// sign.
    [[nodiscard]] base::Bytes sign(base::BytesView data) const { return holder_->sign(data); }

  private:
    std::shared_ptr<const KeyHolder> holder_;
};

}  // namespace cairn::crypto
