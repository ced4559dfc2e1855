#include "pki/ocsp_lint.h"

#include <algorithm>

#include "asn1/der.h"
#include "asn1/object_id.h"
#include "pki/linted_form.h"
#include "pki/ocsp_parts.h"

namespace cairn::pki {
namespace {

using Findings = std::vector<base::Error>;

/// Whether its keyUsage lets `issuer` sign what is neither certificate nor revocation list.
bool may_sign_responses(const Certificate& issuer) {
    constexpr std::uint8_t digital_signature = 0x80;
    const auto usages = issuer.extensions("2.5.29.15");
    if (usages.size() != 1) return false;
    asn1::Failure failure;
    asn1::Reader value(usages.front().value, failure);
    const auto bits = value.element(asn1::tag::bit_string, "keyUsage").content;
    return bits.size() >= 2 && (bits[1] & digital_signature) != 0;
}

void check_issuer(const OcspParts& response, const OcspFields& wanted, const Certificate& issuer,
                  const Certificate& responder, Findings& findings) {
    const bool is_delegated = responder != issuer;
    if (!is_delegated && (!issuer.is_ca() || !may_sign_responses(issuer)))
        findings.emplace_back(
            "the issuer is no CA whose keyUsage has digitalSignature (BR 7.1.2.10.7)");
    if (is_delegated && !is_ocsp_responder(responder, issuer))
        findings.emplace_back(
            "the responder is none that the issuer delegated (RFC 6960 section 4.2.2.2)");
    if (!std::ranges::equal(response.responder_key_hash, ocsp_key_hash(responder, OcspHash::sha1)))
        findings.emplace_back(is_delegated
                                  ? "responderID is not of the responder's key (RFC 6960 section "
                                    "4.2.1)"
                                  : "responderID is not of the issuer's key (RFC 6960 section "
                                    "4.2.1)");
    if (*response.id != OcspCertId::of(issuer, wanted.serial, wanted.hash))
        findings.emplace_back("the answer is not about the certificate that was chosen");
}

void check_times(const OcspParts& response, const OcspFields& wanted, Findings& findings) {
    constexpr base::Seconds shortest_life = std::chrono::hours(8);
    constexpr base::Seconds longest_life = std::chrono::days(10);
    if (response.produced_at != wanted.produced_at || response.this_update != wanted.this_update ||
        response.next_update != wanted.next_update)
        findings.emplace_back(
            "producedAt, thisUpdate or nextUpdate is not the one that was chosen");
    const auto life = response.next_update - response.this_update;
    if (life < shortest_life || life > longest_life)
        findings.emplace_back("nextUpdate is not 8 hours to 10 days after thisUpdate (BR 4.9.10)");
    if (response.this_update > response.produced_at)
        findings.emplace_back("thisUpdate is after producedAt (RFC 6960 section 2.4)");
    if (response.next_update <= response.produced_at)
        findings.emplace_back("nextUpdate is not after producedAt (RFC 6960 section 2.4)");
}

void check_status(const OcspParts& response, const OcspFields& wanted, Findings& findings) {
    const auto& status = response.status;
    if (status != wanted.status) findings.emplace_back("the status is not the one that was chosen");
    if (status.kind != OcspStatus::Kind::revoked) return;
    if (status.revoked_at > response.this_update)
        findings.emplace_back("the certificate is revoked in the future");
    switch (status.reason) {
        case CrlReason::unspecified:
        case CrlReason::key_compromise:
        case CrlReason::affiliation_changed:
        case CrlReason::superseded:
        case CrlReason::cessation_of_operation:
        case CrlReason::privilege_withdrawn:
            break;
        case CrlReason::ca_compromise:
        case CrlReason::certificate_hold:
        case CrlReason::remove_from_crl:
        case CrlReason::aa_compromise:
            findings.emplace_back(
                "the reason is one that no subscriber's certificate may have (BR 7.3)");
    }
}

}  // namespace

std::vector<base::Error> lint_ocsp_response(base::BytesView to_be_signed, const OcspFields& wanted,
                                            const Certificate& issuer,
                                            const Certificate& responder) {
    if (const auto sound = asn1::check(to_be_signed); !sound)
        return {sound.error().within("the response is not DER")};
    asn1::Failure failure;
    asn1::Reader reader(to_be_signed, failure);
    const auto response = read_ocsp_parts(reader);
    reader.end("tbsResponseData");
    if (failure) return {*failure};

    Findings findings;
    check_issuer(response, wanted, issuer, responder, findings);
    check_times(response, wanted, findings);
    check_status(response, wanted, findings);
    if (!response.extensions.empty())
        findings.emplace_back("there is an extension (RFC 5019 section 2.2.1, BR 7.3.2)");
    return findings;
}

bool is_ocsp_responder(const Certificate& responder, const Certificate& issuer) {
    const auto purposes = responder.extensions("2.5.29.37");
    const auto no_check = responder.extensions("1.3.6.1.5.5.7.48.1.5");
    if (purposes.size() != 1 || no_check.size() != 1 || responder.is_ca()) return false;
    asn1::Failure failure;
    asn1::Reader value(purposes.front().value, failure);
    asn1::Reader list = value.inside(asn1::tag::sequence, "extKeyUsage");
    const auto purpose = list.element(asn1::tag::object_identifier, "a purpose").content;
    list.end("extKeyUsage");
    return !failure && std::ranges::equal(purpose, asn1::oid::ocsp_signing) &&
           may_sign_responses(responder) && issuer.subject_key_id() &&
           responder.authority_key_id() == issuer.subject_key_id();
}

std::vector<base::Error> lint_ocsp_responder(base::BytesView to_be_signed,
                                             const OcspResponderFields& wanted,
                                             const Certificate& issuer) {
    // Nobody has signed it yet: it is read with a signature that is worth nothing.
    const auto read = Certificate::from_der(linted_form(to_be_signed, issuer.public_key()));
    if (!read) return {read.error().within("the responder's certificate")};
    Findings findings;
    if (!is_ocsp_responder(*read, issuer))
        findings.emplace_back(
            "it is not that of a responder that the issuer delegates (RFC 6960 section 4.2.2.2)");
    if (read->serial() != wanted.serial || read->public_key() != wanted.public_key ||
        read->not_before() != wanted.validity.not_before ||
        read->not_after() != wanted.validity.not_after)
        findings.emplace_back("serial number, key or validity is not the one that was chosen");
    if (read->not_after() > issuer.not_after() || read->not_before() < issuer.not_before())
        findings.emplace_back("it is valid longer than its issuer");
    return findings;
}

}  // namespace cairn::pki
