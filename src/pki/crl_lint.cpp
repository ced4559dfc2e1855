#include "pki/crl_lint.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "asn1/der.h"
#include "asn1/object_id.h"
#include "pki/crl_parts.h"
#include "pki/lint_rule.h"
#include "pki/x509_signature.h"

namespace cairn::pki {
namespace {

using Findings = std::vector<base::Error>;

/// What a rule looks at.
struct CrlSubject {
    const CrlParts& list;
    const CrlFields& wanted;
    const Certificate& issuer;
};

void check_crl_version(const CrlSubject& subject, LintFindings& findings) {
    const auto version = subject.list.version;
    add_if(version.size() != 1 || version[0] != 1, "the version is not 2", findings);
}

void check_crl_signature_algorithm(const CrlSubject& subject, LintFindings& findings) {
    add_if(!std::ranges::equal(subject.list.algorithm,
                               signature_algorithm_for(subject.issuer.public_key())),
           "the signature algorithm is not the one of the issuer's key", findings);
}

void check_crl_issuer_name(const CrlSubject& subject, LintFindings& findings) {
    add_if(!std::ranges::equal(subject.list.issuer_name, subject.issuer.subject_name()),
           "the issuer's name is not the subject of the issuer's certificate", findings);
}

void check_issuer_usage(const CrlSubject& subject, LintFindings& findings) {
    add_if(!may_sign_crls(subject.issuer), "the issuer's keyUsage has no cRLSign", findings);
}

void check_times_chosen(const CrlSubject& subject, LintFindings& findings) {
    add_if(subject.list.this_update != subject.wanted.this_update ||
               subject.list.next_update != subject.wanted.next_update,
           "thisUpdate or nextUpdate is not the one that was chosen", findings);
}

void check_times_order(const CrlSubject& subject, LintFindings& findings) {
    add_if(subject.list.next_update <= subject.list.this_update,
           "nextUpdate is not after thisUpdate", findings);
}

void check_times_distance(const CrlSubject& subject, LintFindings& findings) {
    // A list that tells of subscribers' certificates.
    constexpr base::Seconds longest_life = std::chrono::days(10);
    add_if(subject.list.next_update - subject.list.this_update > longest_life,
           "nextUpdate is more than 10 days after thisUpdate", findings);
}

void check_entries_chosen(const CrlSubject& subject, LintFindings& findings) {
    add_if(!std::ranges::equal(subject.list.revoked, subject.wanted.revoked),
           "the entries are not those that were chosen", findings);
}

void check_entries_unique(const CrlSubject& subject, LintFindings& findings) {
    // A list may have a million entries.
    std::vector<const SerialNumber*> serials;
    serials.reserve(subject.list.revoked.size());
    for (const auto& entry : subject.list.revoked) serials.push_back(&entry.serial);
    const auto number_of = [](const SerialNumber* serial) -> const SerialNumber& {
        return *serial;
    };
    std::ranges::sort(serials, {}, number_of);
    for (auto twin = std::ranges::adjacent_find(serials, {}, number_of); twin != serials.end();
         twin = std::ranges::adjacent_find(twin + 1, serials.end(), {}, number_of))
        findings.push_back((*twin)->to_hex() + " stands there twice");
}

void check_entries_past(const CrlSubject& subject, LintFindings& findings) {
    for (const auto& entry : subject.list.revoked)
        if (entry.at > subject.list.this_update)
            findings.push_back(entry.serial.to_hex() + " is revoked in the future");
}

bool is_of_subscribers(CrlReason reason) {
    switch (reason) {
        case CrlReason::unspecified:
        case CrlReason::key_compromise:
        case CrlReason::affiliation_changed:
        case CrlReason::superseded:
        case CrlReason::cessation_of_operation:
        case CrlReason::privilege_withdrawn:
            return true;
        case CrlReason::ca_compromise:
        case CrlReason::certificate_hold:
        case CrlReason::remove_from_crl:
        case CrlReason::aa_compromise:
            return false;
    }
    return false;
}

void check_reasons(const CrlSubject& subject, LintFindings& findings) {
    for (const auto& entry : subject.list.revoked)
        if (!is_of_subscribers(entry.reason))
            findings.push_back(entry.serial.to_hex() +
                               " has a reason that no subscriber's certificate may have");
}

void check_number_form(const CrlSubject& subject, LintFindings& findings) {
    const auto& number = subject.list.number;
    add_if(!number, "the CRL number is missing", findings);
    add_if(number && (number->size() > 20 || ((*number)[0] & 0x80U) != 0),
           "the CRL number is negative or has more than 20 octets", findings);
}

void check_number_chosen(const CrlSubject& subject, LintFindings& findings) {
    const auto& number = subject.list.number;
    if (!number) return;
    std::uint64_t value = 0;
    for (const auto octet : *number) value = value << 8U | octet;
    add_if(number->size() > 9 || value != subject.wanted.number,
           "the CRL number is not the one that was chosen", findings);
}

void check_crl_authority_key_id(const CrlSubject& subject, LintFindings& findings) {
    const auto& found = subject.list.authority_key_id;
    const auto& key_id = subject.issuer.subject_key_id();
    add_if(!found || !key_id || !std::ranges::equal(*found, *key_id),
           "authorityKeyIdentifier is not the issuer's subjectKeyIdentifier", findings);
}

void check_point_chosen(const CrlSubject& subject, LintFindings& findings) {
    add_if(subject.list.distribution_point.value_or("") != subject.wanted.distribution_point,
           "the issuing distribution point is not the one that was chosen", findings);
}

void check_point_form(const CrlSubject& subject, LintFindings& findings) {
    const auto& point = subject.list.distribution_point;
    add_if(point && (!point->starts_with("http://") || !subject.list.only_user_certificates),
           "the issuing distribution point is no http URL for subscribers' certificates alone",
           findings);
}

bool is(const ExtensionView& extension, base::BytesView object_id) {
    return std::ranges::equal(extension.object_id, object_id);
}

void check_extensions_known(const CrlSubject& subject, LintFindings& findings) {
    for (const ExtensionView& extension : subject.list.extensions)
        add_if(!is(extension, asn1::oid::issuing_distribution_point) &&
                   !is(extension, asn1::oid::crl_number) &&
                   !is(extension, asn1::oid::authority_key_identifier),
               "there is an extension that no rule allows", findings);
}

void check_extensions_critical(const CrlSubject& subject, LintFindings& findings) {
    for (const ExtensionView& extension : subject.list.extensions)
        add_if((extension.criticality == Criticality::critical) !=
                   is(extension, asn1::oid::issuing_distribution_point),
               "an extension is critical that should not be, or the reverse", findings);
}

struct Rule {
    std::string_view id;
    /// Empty: what the CA itself chose.
    std::string_view section;
    void (*check)(const CrlSubject& subject, LintFindings& findings);
};

constexpr std::array crl_rules{
    Rule{"crl-version-2", "RFC 5280 section 5.1.2.1", check_crl_version},
    Rule{"crl-signature-algorithm", "RFC 5280 section 5.1.1.2", check_crl_signature_algorithm},
    Rule{"crl-issuer-name", "RFC 5280 section 5.1.2.3", check_crl_issuer_name},
    Rule{"crl-issuer-usage", "RFC 5280 section 4.2.1.3", check_issuer_usage},
    Rule{"crl-times-chosen", "", check_times_chosen},
    Rule{"crl-times-order", "RFC 5280 section 5.1.2.5", check_times_order},
    Rule{"crl-times-distance", "BR 4.9.7", check_times_distance},
    Rule{"crl-entries-chosen", "", check_entries_chosen},
    Rule{"crl-entries-unique", "", check_entries_unique},
    Rule{"crl-entries-past", "", check_entries_past},
    Rule{"crl-reasons", "BR 7.2.2", check_reasons},
    Rule{"crl-number-form", "RFC 5280 section 5.2.3", check_number_form},
    Rule{"crl-number-chosen", "", check_number_chosen},
    Rule{"crl-authority-key-id", "RFC 5280 section 5.2.1", check_crl_authority_key_id},
    Rule{"crl-point-chosen", "", check_point_chosen},
    Rule{"crl-point-form", "BR 7.2.2.1", check_point_form},
    Rule{"crl-extensions-known", "BR 7.2.2", check_extensions_known},
    Rule{"crl-extensions-critical", "BR 7.2.2", check_extensions_critical},
};

}  // namespace

bool may_sign_crls(const Certificate& issuer) {
    constexpr std::uint8_t crl_sign = 0x02;
    const auto usages = issuer.extensions("2.5.29.15");
    if (usages.size() != 1) return false;
    asn1::Failure failure;
    asn1::Reader value(usages.front().value, failure);
    const auto bits = value.element(asn1::tag::bit_string, "keyUsage").content;
    return bits.size() >= 2 && (bits[1] & crl_sign) != 0;
}

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
    const CrlSubject subject{list, wanted, issuer};
    for (const Rule& rule : crl_rules) {
        LintFindings found;
        rule.check(subject, found);
        for (auto& text : found)
            findings.emplace_back(rule.section.empty()
                                      ? std::move(text)
                                      : fmt::format("{} ({})", text, rule.section));
    }
    return findings;
}

}  // namespace cairn::pki
