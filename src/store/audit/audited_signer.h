#pragma once

#include <memory>

#include "ca/ports/audit.h"
#include "ca/ports/signer.h"

namespace cairn::store {

/// A signer whose signatures stand in the audit log. What is kept in the store is recorded there
/// before, with all that was noted; the certificate of an OCSP responder is not, so its signature
/// is durable in the log before anybody gets it.
class AuditedSigner final : public ca::Signer {
  public:
    /// `audit` outlives it.
    AuditedSigner(std::unique_ptr<ca::Signer> signer, ca::Audit& audit)
        : signer_(std::move(signer)), audit_(audit) {}

    [[nodiscard]] const crypto::PublicKey& public_key() const override {
        return signer_->public_key();
    }
    [[nodiscard]] Place place() const override { return signer_->place(); }
    [[nodiscard]] base::Task<base::Bytes> sign(ca::Draft draft) override;

  private:
    const std::unique_ptr<ca::Signer> signer_;
    ca::Audit& audit_;
};

}  // namespace cairn::store
