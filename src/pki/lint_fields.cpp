#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "pki/lint_rule.h"
#include "pki/x509_signature.h"

namespace cairn::pki {
namespace {

using enum LintRule::Scope;

bool is_host_label(std::string_view label) {
    const auto is_letter_or_digit = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    };
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
           std::ranges::all_of(label, [&](char c) { return is_letter_or_digit(c) || c == '-'; });
}

bool is_dns_name(std::string_view name) {
    if (name.starts_with("*.")) name.remove_prefix(2);
    if (name.empty() || name.size() > 253) return false;
    for (;;) {
        const auto dot = name.find('.');
        if (!is_host_label(name.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        name.remove_prefix(dot + 1);
    }
}

/// The longest validity of a certificate that begins at `when`: 200 days, 100 from 2027-03-15, 47
/// from 2029-03-15.
base::Seconds longest_validity_from(base::Time when) {
    using namespace std::chrono;
    if (when < sys_days(2027y / March / 15)) return days(200);
    if (when < sys_days(2029y / March / 15)) return days(100);
    return days(47);
}

void check_version(const LintSubject& subject, LintFindings& findings) {
    const auto version = subject.draft.version;
    add_if(version.size() != 1 || version[0] != 2, "the version is not 3", findings);
}

void check_serial_length(const LintSubject& subject, LintFindings& findings) {
    const auto serial = subject.draft.serial;
    const bool is_negative = !serial.empty() && (serial[0] & 0x80U) != 0;
    add_if(is_negative || serial.size() > 20,
           "the serial number is negative or has more than 20 octets", findings);
}

void check_serial_entropy(const LintSubject& subject, LintFindings& findings) {
    add_if(subject.draft.serial.size() < 8, "the serial number has less than 64 bits", findings);
}

void check_serial_chosen(const LintSubject& subject, LintFindings& findings) {
    add_if(!std::ranges::equal(subject.draft.serial, subject.wanted.serial.der_content()),
           "the serial number is not the one that was chosen", findings);
}

void check_signature_algorithm(const LintSubject& subject, LintFindings& findings) {
    add_if(!std::ranges::equal(subject.draft.algorithm,
                               signature_algorithm_for(subject.issuer.public_key())),
           "the signature algorithm is not the one of the issuer's key", findings);
}

void check_issuer_name(const LintSubject& subject, LintFindings& findings) {
    add_if(!std::ranges::equal(subject.draft.issuer_name, subject.issuer.subject_name()),
           "the issuer's name is not the subject of the issuer's certificate", findings);
}

void check_validity_order(const LintSubject& subject, LintFindings& findings) {
    add_if(subject.draft.not_after <= subject.draft.not_before,
           "the validity ends before it begins", findings);
}

void check_validity_chosen(const LintSubject& subject, LintFindings& findings) {
    const auto& [not_before, not_after] = subject.wanted.validity;
    add_if(subject.draft.not_before != not_before || subject.draft.not_after != not_after,
           "the validity is not the one that was chosen", findings);
}

void check_validity_within_issuer(const LintSubject& subject, LintFindings& findings) {
    add_if(subject.draft.not_after > subject.issuer.not_after(),
           "the validity ends after the issuer's own", findings);
}

void check_validity_length(const LintSubject& subject, LintFindings& findings) {
    const auto& draft = subject.draft;
    add_if(draft.not_after - draft.not_before + base::Seconds(1) >
               longest_validity_from(draft.not_before),
           "the validity is longer than is allowed at its begin", findings);
}

void check_key_chosen(const LintSubject& subject, LintFindings& findings) {
    add_if(!std::ranges::equal(subject.draft.key, subject.wanted.public_key.spki()),
           "the public key is not the one that was asked for", findings);
}

void check_rsa_size(const LintSubject& subject, LintFindings& findings) {
    constexpr int least_rsa_bits = 2048;
    const auto& key = subject.wanted.public_key;
    add_if(key.algorithm() == crypto::KeyAlgorithm::rsa &&
               (key.bits() < least_rsa_bits || key.bits() % 8 != 0),
           "the RSA key has less than 2048 bits or an odd size", findings);
}

void check_key_kind(const LintSubject& subject, LintFindings& findings) {
    add_if(subject.wanted.public_key.algorithm() == crypto::KeyAlgorithm::ed25519,
           "the key is neither RSA nor on P-256, P-384 or P-521", findings);
}

void check_common_name_chosen(const LintSubject& subject, LintFindings& findings) {
    const auto& found = subject.draft.common_names;
    const auto& wanted = subject.wanted.common_name;
    const bool is_wanted = found.empty() != wanted.has_value() &&
                           (found.empty() || base::text_of(found.front().content) == *wanted);
    add_if(!is_wanted, "the common name is not the one that was chosen", findings);
}

void check_subject_fields(const LintSubject& subject, LintFindings& findings) {
    constexpr std::string_view empty_name("\x30\x00", 2);
    add_if(subject.draft.common_names.empty() && base::text_of(subject.draft.subject) != empty_name,
           "the subject has more than a common name", findings);
}

void check_common_name_named(const LintSubject& subject, LintFindings& findings) {
    const auto& common_names = subject.draft.common_names;
    if (common_names.empty()) return;
    const auto& names = subject.draft.names;
    const auto common_name = base::text_of(common_names.front().content);
    const bool is_named =
        std::ranges::find(names.dns_names, common_name) != names.dns_names.end() ||
        std::ranges::any_of(names.ip_addresses, [&](const base::IpAddress& address) {
            return address.to_string() == common_name;
        });
    add_if(common_names.size() > 1 || !is_named,
           "the common name is not one of the subjectAltName's", findings);
}

void check_names_proved(const LintSubject& subject, LintFindings& findings) {
    add_if(subject.draft.names != subject.wanted.names, "the names are not those that were proved",
           findings);
}

void check_name_syntax(const LintSubject& subject, LintFindings& findings) {
    for (const auto& name : subject.draft.names.dns_names)
        if (!is_dns_name(name))
            findings.push_back(
                fmt::format("\"{}\" is no name of letters, digits and hyphens in lower case",
                            base::printable(name, 80)));
}

void check_names_unique(const LintSubject& subject, LintFindings& findings) {
    const auto& names = subject.draft.names;
    std::set<std::string> seen;
    const auto see = [&](const std::string& name) {
        if (!seen.insert(name).second)
            findings.push_back(fmt::format("\"{}\" stands there twice", base::printable(name, 80)));
    };
    for (const auto& name : names.dns_names) see(name);
    for (const auto& address : names.ip_addresses) see(address.to_string());
    for (const auto& uri : names.uris) see(uri);
}

void check_names_present(const LintSubject& subject, LintFindings& findings) {
    const auto& names = subject.draft.names;
    add_if(names.dns_names.empty() && names.ip_addresses.empty(), "it names nothing", findings);
}

void check_name_kinds(const LintSubject& subject, LintFindings& findings) {
    add_if(subject.draft.names.other_names > 0,
           "the subjectAltName holds other things than names, addresses and URIs", findings);
}

void check_no_uris(const LintSubject& subject, LintFindings& findings) {
    add_if(!subject.draft.names.uris.empty(),
           "the subjectAltName of a public CA's certificate holds a URI", findings);
}

void check_uris_wanted(const LintSubject& subject, LintFindings& findings) {
    add_if(!subject.draft.names.uris.empty() && !subject.profile->uris,
           "the subjectAltName holds a URI, and the profile has none", findings);
}

constexpr std::array field_rules{
    LintRule{"version-3", "RFC 5280 section 4.1.2.1", always, check_version},
    LintRule{"serial-length", "RFC 5280 section 4.1.2.2", always, check_serial_length},
    LintRule{"serial-entropy", "BR 7.1.2.7", always, check_serial_entropy},
    LintRule{"serial-chosen", "", always, check_serial_chosen},
    LintRule{"signature-algorithm", "RFC 5280 section 4.1.1.2", always, check_signature_algorithm},
    LintRule{"issuer-name", "RFC 5280 section 4.1.2.4", always, check_issuer_name},
    LintRule{"validity-order", "RFC 5280 section 4.1.2.5", always, check_validity_order},
    LintRule{"validity-chosen", "", always, check_validity_chosen},
    LintRule{"validity-within-issuer", "BR 7.1.2.7", always, check_validity_within_issuer},
    LintRule{"validity-length", "BR 6.3.2", public_trust, check_validity_length},
    LintRule{"key-chosen", "RFC 8555 section 7.4", always, check_key_chosen},
    LintRule{"rsa-size", "BR 6.1.5", always, check_rsa_size},
    LintRule{"key-kind", "BR 6.1.5", public_trust, check_key_kind},
    LintRule{"common-name-chosen", "", profile, check_common_name_chosen},
    LintRule{"subject-fields", "BR 7.1.2.7.2", always, check_subject_fields},
    LintRule{"common-name-named", "BR 7.1.4.3", always, check_common_name_named},
    LintRule{"names-proved", "RFC 8555 section 7.4.2", always, check_names_proved},
    LintRule{"name-syntax", "BR 7.1.2.7.12", always, check_name_syntax},
    LintRule{"names-unique", "", always, check_names_unique},
    LintRule{"names-present", "BR 7.1.2.7.12", always, check_names_present},
    LintRule{"name-kinds", "BR 7.1.2.7.12", always, check_name_kinds},
    LintRule{"no-uris", "BR 7.1.2.7.12", public_trust, check_no_uris},
    LintRule{"uris-wanted", "", profile, check_uris_wanted},
};

}  // namespace

std::span<const LintRule> lint_rules_of_fields() {
    return field_rules;
}

}  // namespace cairn::pki
