#include "ca/rules/draft.h"

#include "pki/certificate_builder.h"
#include "pki/lint.h"
#include "pki/x509_signature.h"

namespace cairn::ca {

Draft::OrFindings Draft::certificate(IssuanceProof proof, const pki::Certificate& issuer,
                                     const std::string& issuer_url) {
    proof.fields_.issuer_url = issuer_url;
    return draw_up(proof.fields_, *proof.profile_, issuer);
}

Draft::OrFindings Draft::certificate(OwnCertificateProof proof, const pki::Certificate& issuer,
                                     const std::string& issuer_url) {
    proof.fields_.issuer_url = issuer_url;
    return draw_up(proof.fields_, proof.profile_, issuer);
}

Draft::OrFindings Draft::draw_up(const pki::ServerCertificateFields& fields,
                                 const pki::CertificateProfile& profile,
                                 const pki::Certificate& issuer) {
    auto to_be_signed = pki::draft_server_certificate(fields, issuer, profile);
    auto findings = pki::lint_server_certificate(to_be_signed, fields, issuer, &profile);
    if (!findings.empty()) return std::unexpected(std::move(findings));
    return Draft(Kind::certificate, std::move(to_be_signed),
                 pki::signature_algorithm_for(issuer.public_key()));
}

}  // namespace cairn::ca
