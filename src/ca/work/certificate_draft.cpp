#include "ca/work/certificate_draft.h"

#include "pki/certificate_builder.h"
#include "pki/lint.h"

namespace cairn::ca {

base::Result<CertificateDraft, std::vector<base::Error>> CertificateDraft::of(
    const IssuanceProof& proof, const pki::Certificate& issuer, const std::string& issuer_url) {
    const pki::ServerCertificateFields fields{.serial = proof.serial(),
                                              .validity = proof.validity(),
                                              .public_key = proof.public_key(),
                                              .names = proof.names(),
                                              .common_name = proof.common_name(),
                                              .issuer_url = issuer_url};
    auto to_be_signed = pki::draft_server_certificate(fields, issuer);
    auto findings = pki::lint_server_certificate(to_be_signed, issuer, proof.public_key());
    if (!findings.empty()) return std::unexpected(std::move(findings));
    return CertificateDraft(std::move(to_be_signed));
}

}  // namespace cairn::ca
