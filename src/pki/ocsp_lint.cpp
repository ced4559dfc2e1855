#include "pki/ocsp_lint.h"

#include <algorithm>

#include "asn1/der.h"
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
                  Findings& findings) {
    if (!issuer.is_ca() || !may_sign_responses(issuer))
        findings.emplace_back(
            "the issuer is no CA whose keyUsage has digitalSignature (BR 7.1.2.10.7)");
    if (!std::ranges::equal(response.responder_key_hash, ocsp_key_hash(issuer, OcspHash::sha1)))
        findings.emplace_back("responderID is not of the issuer's key (RFC 6960 section 4.2.1)");
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
                                            const Certificate& issuer) {
    if (const auto sound = asn1::check(to_be_signed); !sound)
        return {sound.error().within("the response is not DER")};
    asn1::Failure failure;
    asn1::Reader reader(to_be_signed, failure);
    const auto response = read_ocsp_parts(reader);
    reader.end("tbsResponseData");
    if (failure) return {*failure};

    Findings findings;
    check_issuer(response, wanted, issuer, findings);
    check_times(response, wanted, findings);
    check_status(response, wanted, findings);
    if (!response.extensions.empty())
        findings.emplace_back("there is an extension (RFC 5019 section 2.2.1, BR 7.3.2)");
    return findings;
}

}  // namespace cairn::pki
