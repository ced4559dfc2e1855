#pragma once

#include <string>

#include "ca/signer.h"
#include "crypto/key.h"

namespace cairn::ca {

/// A signer whose key is in this process's memory. Signing takes tens of microseconds (EC) to
/// milliseconds (RSA), so it happens on the caller's executor.
class KeySigner final : public Signer {
  public:
    /// `issuer_url`: where the issuer's certificate can be fetched over http, for the AIA
    /// extension. Throws std::invalid_argument if the chain is empty or the key is not its first
    /// certificate's.
    KeySigner(pki::Chain chain, crypto::PrivateKey key, std::string issuer_url);
    [[nodiscard]] std::span<const pki::Certificate> chain() const override { return chain_; }
    [[nodiscard]] base::Task<pki::Certificate> sign(IssuanceProof proof) override;

  private:
    pki::Chain chain_;
    crypto::PrivateKey key_;
    std::string issuer_url_;
};

}  // namespace cairn::ca
