#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "ca/rules/order_rules.h"
#include "pki/certificate.h"

namespace cairn::ca {

/// A certificate without its signature, which has passed the lint: only this makes one, and a
/// signer takes nothing else.
class CertificateDraft {
  public:
    /// Draws up what `proof` proves, to be signed by `issuer`, and lints it by the standards. With
    /// an `issuer_url` the certificate says where the issuer's can be fetched over http. On failure
    /// every finding is reported; each is a mistake of the CA or of its configuration.
    [[nodiscard]] static base::Result<CertificateDraft, std::vector<base::Error>> of(
        const IssuanceProof& proof, const pki::Certificate& issuer, const std::string& issuer_url);

    /// The DER of the TBSCertificate.
    [[nodiscard]] const base::Bytes& to_be_signed() const { return to_be_signed_; }

  private:
    explicit CertificateDraft(base::Bytes to_be_signed) : to_be_signed_(std::move(to_be_signed)) {}
    base::Bytes to_be_signed_;
};

}  // namespace cairn::ca
