#include "ca/rules/draft.h"

#include <stdexcept>

#include "pki/certificate_builder.h"
#include "pki/crl_lint.h"
#include "pki/lint.h"
#include "pki/ocsp_lint.h"
#include "pki/precertificate.h"
#include "pki/x509_signature.h"

namespace cairn::ca {

Draft::OrFindings Draft::certificate(IssuanceProof proof, const pki::Certificate& issuer,
                                     const Places& places) {
    proof.fields_.issuer_url = places.issuer;
    proof.fields_.crl_url = places.crl;
    proof.fields_.ocsp_url = places.ocsp;
    return draw_up(proof.fields_, *proof.profile_, issuer);
}

Draft::OrFindings Draft::certificate(OwnCertificateProof proof, const pki::Certificate& issuer,
                                     const Places& places) {
    proof.fields_.issuer_url = places.issuer;
    proof.fields_.crl_url = places.crl;
    proof.fields_.ocsp_url = places.ocsp;
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

Draft::OrFindings Draft::pinned(const IssuanceProof& proof, const IssuancePin& pin,
                                const pki::Certificate& issuer) {
    auto findings = pki::lint_server_certificate(pin.to_be_signed, proof.fields_, issuer, nullptr);
    if (!findings.empty()) return std::unexpected(std::move(findings));
    return Draft(Kind::certificate, pin.to_be_signed,
                 pki::signature_algorithm_for(issuer.public_key()));
}

Draft::OrFindings Draft::precertificate(const Draft& certificate) {
    if (certificate.kind_ != Kind::certificate)
        throw std::invalid_argument("a precertificate is made of a certificate's draft");
    auto to_be_signed = pki::draft_precertificate(certificate.to_be_signed_);
    auto findings = pki::lint_precertificate(to_be_signed, certificate.to_be_signed_);
    if (!findings.empty()) return std::unexpected(std::move(findings));
    return Draft(Kind::precertificate, std::move(to_be_signed), certificate.algorithm_);
}

Draft::OrFindings Draft::crl(const pki::CrlFields& fields, const pki::Certificate& issuer) {
    auto to_be_signed = pki::draft_crl(fields, issuer);
    auto findings = pki::lint_crl(to_be_signed, fields, issuer);
    if (!findings.empty()) return std::unexpected(std::move(findings));
    return Draft(Kind::crl, std::move(to_be_signed),
                 pki::signature_algorithm_for(issuer.public_key()));
}

Draft::OrFindings Draft::ocsp_responder(const pki::OcspResponderFields& fields,
                                        const pki::Certificate& issuer) {
    auto to_be_signed = pki::draft_ocsp_responder(fields, issuer);
    auto findings = pki::lint_ocsp_responder(to_be_signed, fields, issuer);
    if (!findings.empty()) return std::unexpected(std::move(findings));
    return Draft(Kind::ocsp_responder, std::move(to_be_signed),
                 pki::signature_algorithm_for(issuer.public_key()));
}

Draft::OrFindings Draft::ocsp_response(const pki::OcspFields& fields,
                                       const pki::Certificate& issuer) {
    return ocsp_response(fields, issuer, issuer);
}

Draft::OrFindings Draft::ocsp_response(const pki::OcspFields& fields,
                                       const pki::Certificate& issuer,
                                       const pki::Certificate& responder) {
    auto to_be_signed = pki::draft_ocsp_response(fields, issuer, responder);
    auto findings = pki::lint_ocsp_response(to_be_signed, fields, issuer, responder);
    if (!findings.empty()) return std::unexpected(std::move(findings));
    return Draft(Kind::ocsp_response, std::move(to_be_signed),
                 pki::signature_algorithm_for(responder.public_key()));
}

}  // namespace cairn::ca
