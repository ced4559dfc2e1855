#include "pki/crl_lint.h"

#include <algorithm>
#include <set>

#include "asn1/der.h"
#include "asn1/object_id.h"
#include "pki/crl_parts.h"
#include "pki/x509_signature.h"

namespace cairn::pki {
namespace {

using Findings = std::vector<base::Error>;

/// Whether its keyUsage lets `issuer` sign revocation lists.
bool may_sign_crls(const Certificate& issuer) {
    constexpr std::uint8_t crl_sign = 0x02;
    const auto usages = issuer.extensions("2.5.29.15");
    if (usages.size() != 1) return false;
    asn1::Failure failure;
    asn1::Reader value(usages.front().value, failure);
    const auto bits = value.element(asn1::tag::bit_string, "keyUsage").content;
    return bits.size() >= 2 && (bits[1] & crl_sign) != 0;
}

void check_frame(const CrlParts& list, const CrlFields& wanted, const Certificate& issuer,
                 Findings& findings) {
    // BR 4.9.7: a list that tells of subscribers' certificates.
    constexpr base::Seconds longest_life = std::chrono::days(10);
    if (list.version.size() != 1 || list.version[0] != 1)
        findings.emplace_back("the version is not 2 (RFC 5280 section 5.1.2.1)");
    if (!std::ranges::equal(list.algorithm, signature_algorithm_for(issuer.public_key())))
        findings.emplace_back(
            "the signature algorithm is not the one of the issuer's key "
            "(RFC 5280 section 5.1.1.2)");
    if (!std::ranges::equal(list.issuer_name, issuer.subject_name()))
        findings.emplace_back(
            "the issuer's name is not the subject of the issuer's certificate "
            "(RFC 5280 section 5.1.2.3)");
    if (!may_sign_crls(issuer))
        findings.emplace_back("the issuer's keyUsage has no cRLSign (RFC 5280 section 4.2.1.3)");
    if (list.this_update != wanted.this_update || list.next_update != wanted.next_update)
        findings.emplace_back("thisUpdate or nextUpdate is not the one that was chosen");
    if (list.next_update <= list.this_update)
        findings.emplace_back("nextUpdate is not after thisUpdate (RFC 5280 section 5.1.2.5)");
    if (list.next_update - list.this_update > longest_life)
        findings.emplace_back("nextUpdate is more than 10 days after thisUpdate (BR 4.9.7)");
}

void check_entries(const CrlParts& list, const CrlFields& wanted, Findings& findings) {
    if (!std::ranges::equal(list.revoked, wanted.revoked))
        findings.emplace_back("the entries are not those that were chosen");
    std::set<SerialNumber> seen;
    for (const auto& [serial, at, reason] : list.revoked) {
        if (!seen.insert(serial).second)
            findings.emplace_back(serial.to_hex() + " stands there twice");
        if (at > list.this_update)
            findings.emplace_back(serial.to_hex() + " is revoked in the future");
        switch (reason) {
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
                findings.emplace_back(serial.to_hex() +
                                      " has a reason that no subscriber's certificate may have "
                                      "(BR 7.2.2)");
        }
    }
}

void check_number(const CrlParts& list, const CrlFields& wanted, Findings& findings) {
    if (!list.number) {
        findings.emplace_back("the CRL number is missing (RFC 5280 section 5.2.3)");
        return;
    }
    const auto& number = *list.number;
    if (number.size() > 20 || (number[0] & 0x80U) != 0)
        findings.emplace_back(
            "the CRL number is negative or has more than 20 octets (RFC 5280 section 5.2.3)");
    std::uint64_t value = 0;
    for (const auto octet : number) value = value << 8U | octet;
    if (number.size() > 9 || value != wanted.number)
        findings.emplace_back("the CRL number is not the one that was chosen");
}

void check_extensions(const CrlParts& list, const CrlFields& wanted, const Certificate& issuer,
                      Findings& findings) {
    const auto& key_id = issuer.subject_key_id();
    if (!list.authority_key_id || !key_id || !std::ranges::equal(*list.authority_key_id, *key_id))
        findings.emplace_back(
            "authorityKeyIdentifier is not the issuer's subjectKeyIdentifier "
            "(RFC 5280 section 5.2.1)");
    const auto url = list.distribution_point.value_or("");
    if (url != wanted.distribution_point)
        findings.emplace_back("the issuing distribution point is not the one that was chosen");
    if (list.distribution_point && (!url.starts_with("http://") || !list.only_user_certificates))
        findings.emplace_back(
            "the issuing distribution point is no http URL for subscribers' certificates alone "
            "(BR 7.2.2.1)");
    for (const ExtensionView& extension : list.extensions) {
        const auto is = [&](base::BytesView object_id) {
            return std::ranges::equal(extension.object_id, object_id);
        };
        const bool must_be_critical = is(asn1::oid::issuing_distribution_point);
        if (!must_be_critical && !is(asn1::oid::crl_number) &&
            !is(asn1::oid::authority_key_identifier))
            findings.emplace_back("there is an extension that no rule allows (BR 7.2.2)");
        if ((extension.criticality == Criticality::critical) != must_be_critical)
            findings.emplace_back(
                "an extension is critical that should not be, or the reverse (BR 7.2.2)");
    }
}

}  // namespace

std::vector<base::Error> lint_crl(base::BytesView to_be_signed, const CrlFields& wanted,
                                  const Certificate& issuer) {
    if (const auto sound = asn1::check(to_be_signed); !sound)
        return {sound.error().within("the list is not DER")};
    asn1::Failure failure;
    asn1::Reader reader(to_be_signed, failure);
    const auto list = read_crl_parts(reader, failure);
    reader.end("tbsCertList");
    if (failure) return {*failure};

    Findings findings;
    check_frame(list, wanted, issuer, findings);
    check_entries(list, wanted, findings);
    check_number(list, wanted, findings);
    check_extensions(list, wanted, issuer, findings);
    return findings;
}

}  // namespace cairn::pki
