#pragma once

#include "ca/ports/signer.h"
#include "crypto/key.h"

namespace cairn::ca {

/// A signer whose key is in this process's memory. A signature of an elliptic curve takes tens of
/// microseconds and is made on the caller's executor; one of RSA takes up to milliseconds, and is
/// made on `slow_signing`, whose threads serve nothing else.
class KeySigner final : public Signer {
  public:
    KeySigner(crypto::PrivateKey key, base::Executor slow_signing);
    [[nodiscard]] const crypto::PublicKey& public_key() const override { return key_.public_key(); }
    [[nodiscard]] base::Task<base::Bytes> sign(CertificateDraft draft) override;

  private:
    base::Task<base::Bytes> make_signature(CertificateDraft draft) const;

    crypto::PrivateKey key_;
    base::Executor slow_signing_;
};

}  // namespace cairn::ca
