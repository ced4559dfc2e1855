#include "pki/lint.h"

#include <algorithm>
#include <array>
#include <bit>
#include <set>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "asn1/der.h"
#include "asn1/object_id.h"
#include "pki/extension.h"
#include "pki/general_names.h"
#include "pki/name.h"
#include "pki/x509_signature.h"

namespace cairn::pki {
namespace {

using Findings = std::vector<base::Error>;

/// A TBSCertificate taken apart; views into its encoding.
struct Draft {
    base::BytesView version, serial, algorithm, issuer_name, subject, key;
    base::Time not_before, not_after;
    std::vector<asn1::Element> common_names;
    std::vector<ExtensionView> extensions;
};

Draft take_apart(base::BytesView to_be_signed, asn1::Failure& failure) {
    Draft draft;
    asn1::Reader reader(to_be_signed, failure);
    asn1::Reader fields = reader.inside(asn1::tag::sequence, "tbsCertificate");
    reader.end("tbsCertificate");
    asn1::Reader version = fields.inside(asn1::tag::context_constructed(0), "the version");
    draft.version = version.element(asn1::tag::integer, "the version").content;
    draft.serial = fields.element(asn1::tag::integer, "the serial number").content;
    draft.algorithm = fields.element(asn1::tag::sequence, "the signature algorithm").whole;
    draft.issuer_name = fields.element(asn1::tag::sequence, "the issuer").whole;
    asn1::Reader validity = fields.inside(asn1::tag::sequence, "the validity");
    draft.not_before = validity.time("notBefore");
    draft.not_after = validity.time("notAfter");
    draft.subject = fields.element(asn1::tag::sequence, "the subject").whole;
    asn1::Reader subject(draft.subject, failure);
    draft.common_names = read_common_names(subject, "the subject");
    draft.key = fields.element(asn1::tag::sequence, "the public key").whole;
    asn1::Reader extensions = fields.inside(asn1::tag::context_constructed(3), "the extensions");
    draft.extensions = read_extensions(extensions);
    extensions.end("the extensions");
    fields.end("tbsCertificate");
    return draft;
}

void check_frame(const Draft& draft, const ServerCertificateFields& wanted,
                 const Certificate& issuer, Findings& findings) {
    if (draft.version.size() != 1 || draft.version[0] != 2)
        findings.emplace_back("the version is not 3 (RFC 5280 section 4.1.2.1)");
    const bool is_negative = !draft.serial.empty() && (draft.serial[0] & 0x80U) != 0;
    if (is_negative || draft.serial.size() > 20)
        findings.emplace_back(
            "the serial number is negative or has more than 20 octets "
            "(RFC 5280 section 4.1.2.2)");
    if (draft.serial.size() < 8)
        findings.emplace_back("the serial number has less than 64 bits (BR 7.1.2.7)");
    if (!std::ranges::equal(draft.serial, wanted.serial.der_content()))
        findings.emplace_back("the serial number is not the one that was chosen");
    if (!std::ranges::equal(draft.algorithm, signature_algorithm_for(issuer.public_key())))
        findings.emplace_back(
            "the signature algorithm is not the one of the issuer's key "
            "(RFC 5280 section 4.1.1.2)");
    if (!std::ranges::equal(draft.issuer_name, issuer.subject_name()))
        findings.emplace_back(
            "the issuer's name is not the subject of the issuer's certificate "
            "(RFC 5280 section 4.1.2.4)");
    if (draft.not_after <= draft.not_before)
        findings.emplace_back("the validity ends before it begins (RFC 5280 section 4.1.2.5)");
    if (draft.not_before != wanted.validity.not_before ||
        draft.not_after != wanted.validity.not_after)
        findings.emplace_back("the validity is not the one that was chosen");
    if (draft.not_after > issuer.not_after())
        findings.emplace_back("the validity ends after the issuer's own (BR 7.1.2.7)");
}

void check_key(const Draft& draft, const crypto::PublicKey& key, Findings& findings) {
    constexpr int least_rsa_bits = 2048;
    if (!std::ranges::equal(draft.key, key.spki()))
        findings.emplace_back(
            "the public key is not the one that was asked for (RFC 8555 section 7.4)");
    if (key.algorithm() == crypto::KeyAlgorithm::rsa &&
        (key.bits() < least_rsa_bits || key.bits() % 8 != 0))
        findings.emplace_back("the RSA key has less than 2048 bits or an odd size (BR 6.1.5)");
}

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

void check_subject(const Draft& draft, const SubjectNames& names,
                   const ServerCertificateFields& wanted, const CertificateProfile* profile,
                   Findings& findings) {
    constexpr std::string_view empty_name = "\x30\x00";
    const bool has_common_name = !draft.common_names.empty();
    const bool is_wanted = has_common_name == wanted.common_name.has_value() &&
                           (!has_common_name || base::text_of(draft.common_names.front().content) ==
                                                    *wanted.common_name);
    if (profile != nullptr && !is_wanted)
        findings.emplace_back("the common name is not the one that was chosen");
    if (!has_common_name) {
        if (base::text_of(draft.subject) != std::string_view(empty_name.data(), 2))
            findings.emplace_back("the subject has more than a common name (BR 7.1.2.7.2)");
        return;
    }
    const auto common_name = base::text_of(draft.common_names.front().content);
    const bool is_named =
        std::ranges::find(names.dns_names, common_name) != names.dns_names.end() ||
        std::ranges::any_of(names.ip_addresses, [&](const base::IpAddress& address) {
            return address.to_string() == common_name;
        });
    if (draft.common_names.size() > 1 || !is_named)
        findings.emplace_back("the common name is not one of the subjectAltName's (BR 7.1.4.3)");
}

void check_names(const SubjectNames& names, const SubjectNames& proved, Findings& findings) {
    if (names != proved)
        findings.emplace_back("the names are not those that were proved (RFC 8555 section 7.4.2)");
    std::set<std::string> seen;
    for (const auto& name : names.dns_names) {
        if (!is_dns_name(name))
            findings.emplace_back(fmt::format(
                "\"{}\" is no name of letters, digits and hyphens in lower case (BR 7.1.2.7.12)",
                base::printable(name, 80)));
        if (!seen.insert(name).second)
            findings.emplace_back(
                fmt::format("\"{}\" stands there twice", base::printable(name, 80)));
    }
    for (const auto& address : names.ip_addresses) {
        if (!seen.insert(address.to_string()).second)
            findings.emplace_back(address.to_string() + " stands there twice");
    }
    if (seen.empty()) findings.emplace_back("it names nothing (BR 7.1.2.7.12)");
    if (names.other_names > 0)
        findings.emplace_back(
            "the subjectAltName holds other things than names and addresses (BR 7.1.2.7.12)");
}

/// One extension of a certificate for a TLS server, and what it must be like.
struct Rule {
    base::BytesView object_id;
    std::string_view name;
    enum class Presence { required, optional } presence;
    Criticality criticality;
};

void check_presence(const Draft& draft, Findings& findings) {
    const bool is_nameless = draft.common_names.empty();
    using enum Criticality;
    using enum Rule::Presence;
    const std::array rules = {
        Rule{asn1::oid::key_usage, "keyUsage", required, critical},
        Rule{asn1::oid::extended_key_usage, "extKeyUsage", required, non_critical},
        Rule{asn1::oid::basic_constraints, "basicConstraints", required, critical},
        Rule{asn1::oid::authority_key_identifier, "authorityKeyIdentifier", required, non_critical},
        Rule{asn1::oid::subject_key_identifier, "subjectKeyIdentifier", optional, non_critical},
        Rule{asn1::oid::certificate_policies, "certificatePolicies", required, non_critical},
        Rule{asn1::oid::authority_information_access, "authorityInfoAccess", optional,
             non_critical},
        Rule{asn1::oid::crl_distribution_points, "cRLDistributionPoints", optional, non_critical},
        // RFC 5280 section 4.2.1.6: critical if and only if the subject is empty. That there is a
        // name in it is a rule of its own.
        Rule{asn1::oid::subject_alt_name, "subjectAltName", optional,
             is_nameless ? critical : non_critical},
    };
    for (const Rule& rule : rules) {
        const auto is_it = [&](const ExtensionView& extension) {
            return std::ranges::equal(extension.object_id, rule.object_id);
        };
        const auto found = std::ranges::find_if(draft.extensions, is_it);
        if (found == draft.extensions.end()) {
            if (rule.presence == required)
                findings.emplace_back(fmt::format("{} is missing (BR 7.1.2.7.6)", rule.name));
        } else if (found->criticality != rule.criticality) {
            findings.emplace_back(fmt::format("{} is {}critical (BR 7.1.2.7.6)", rule.name,
                                              rule.criticality == critical ? "not " : ""));
        }
    }
    for (const ExtensionView& extension : draft.extensions) {
        const bool is_known = std::ranges::any_of(rules, [&](const Rule& rule) {
            return std::ranges::equal(extension.object_id, rule.object_id);
        });
        if (!is_known)
            findings.emplace_back("there is an extension that no rule allows (BR 7.1.2.7.6)");
    }
}

/// True if a value is exactly these octets.
bool is_value(const Draft& draft, base::BytesView object_id, std::string_view what,
              base::BytesView expected, asn1::Failure& failure) {
    const auto value = sole_value(draft.extensions, object_id, what, failure);
    return !value || std::ranges::equal(*value, expected);
}

/// The octet of a keyUsage whose bits all stand in the first one; 0 for any other.
std::uint8_t read_key_usage(asn1::Reader& value) {
    const auto bits = value.element(asn1::tag::bit_string, "keyUsage").content;
    return bits.size() == 2 ? bits[1] : 0;
}

void check_key_usage(const Draft& draft, const crypto::PublicKey& key,
                     const CertificateProfile* profile, asn1::Failure& failure,
                     Findings& findings) {
    const bool is_rsa = key.algorithm() == crypto::KeyAlgorithm::rsa;
    read_value(
        draft.extensions, asn1::oid::key_usage, "keyUsage", failure, [&](asn1::Reader& value) {
            const auto usage = read_key_usage(value);
            const std::uint8_t allowed =
                key_usage::digital_signature | (is_rsa ? key_usage::key_encipherment : 0);
            if ((usage & key_usage::digital_signature) == 0 || (usage & ~allowed) != 0)
                findings.emplace_back(
                    "keyUsage is not that of a TLS server with such a key (BR 7.1.2.7.11, RFC 8813 "
                    "section 3)");
            if (profile != nullptr &&
                usage != (is_rsa ? profile->usage_of_rsa : profile->usage_of_others))
                findings.emplace_back("keyUsage is not what the profile says");
        });
}

void check_purposes(const Draft& draft, const CertificateProfile* profile, asn1::Failure& failure,
                    Findings& findings) {
    read_value(
        draft.extensions, asn1::oid::extended_key_usage, "extKeyUsage", failure,
        [&](asn1::Reader& value) {
            std::vector<base::BytesView> purposes;
            asn1::Reader list = value.inside(asn1::tag::sequence, "extKeyUsage");
            while (!list.at_end())
                purposes.push_back(list.element(asn1::tag::object_identifier, "a purpose").content);
            const auto is = [&](const base::BytesView& purpose, KeyPurpose known) {
                return std::ranges::equal(purpose, object_id_of(known));
            };
            const auto count = [&](KeyPurpose known) {
                return std::ranges::count_if(
                    purposes, [&](const auto& purpose) { return is(purpose, known); });
            };
            const auto known = count(KeyPurpose::server_auth) + count(KeyPurpose::client_auth);
            if (count(KeyPurpose::server_auth) != 1 || count(KeyPurpose::client_auth) > 1 ||
                known != std::ssize(purposes))
                findings.emplace_back(
                    "extKeyUsage is not serverAuth, or serverAuth and clientAuth "
                    "(BR 7.1.2.7.10)");
            if (profile != nullptr && !std::ranges::equal(purposes, profile->purposes, is))
                findings.emplace_back("extKeyUsage is not what the profile says");
        });
}

void check_policies(const Draft& draft, const CertificateProfile* profile, asn1::Failure& failure,
                    Findings& findings) {
    read_value(draft.extensions, asn1::oid::certificate_policies, "certificatePolicies", failure,
               [&](asn1::Reader& value) {
                   std::vector<base::BytesView> policies;
                   asn1::Reader list = value.inside(asn1::tag::sequence, "certificatePolicies");
                   while (!list.at_end()) {
                       asn1::Reader policy = list.inside(asn1::tag::sequence, "a policy");
                       policies.push_back(
                           policy.element(asn1::tag::object_identifier, "a policy").content);
                       policy.end("a policy");
                   }
                   const auto is_domain_validated = [](base::BytesView policy) {
                       return std::ranges::equal(policy, asn1::oid::domain_validated);
                   };
                   if (std::ranges::count_if(policies, is_domain_validated) != 1)
                       findings.emplace_back(
                           "certificatePolicies do not say domain-validated once (BR 7.1.2.7.9)");
                   const auto is = [](base::BytesView policy, const base::Bytes& wanted) {
                       return std::ranges::equal(policy, wanted);
                   };
                   if (profile != nullptr && !std::ranges::equal(policies, profile->policies, is))
                       findings.emplace_back("certificatePolicies are not what the profile says");
               });
}

void check_issuer(const Draft& draft, const Certificate& issuer, asn1::Failure& failure,
                  Findings& findings) {
    const base::Bytes no_authority{asn1::tag::sequence, 0};
    if (!is_value(draft, asn1::oid::basic_constraints, "basicConstraints", no_authority, failure))
        findings.emplace_back("basicConstraints make it a CA (BR 7.1.2.7.8)");
    asn1::Writer key_id;
    key_id.nested(asn1::tag::sequence, [&] {
        const auto& id = issuer.subject_key_id();
        key_id.element(asn1::tag::context(0), id ? base::BytesView(*id) : base::BytesView());
    });
    if (!is_value(draft, asn1::oid::authority_key_identifier, "authorityKeyIdentifier",
                  key_id.view(), failure))
        findings.emplace_back(
            "authorityKeyIdentifier is not the issuer's subjectKeyIdentifier "
            "(RFC 5280 section 4.2.1.1)");
}

bool is_http_url(const asn1::Element& name) {
    return name.tag == asn1::tag::context(6) && base::text_of(name.content).starts_with("http://");
}

void check_issuer_url(const Draft& draft, asn1::Failure& failure, Findings& findings) {
    read_value(draft.extensions, asn1::oid::authority_information_access, "authorityInfoAccess",
               failure, [&](asn1::Reader& value) {
                   asn1::Reader list = value.inside(asn1::tag::sequence, "authorityInfoAccess");
                   while (!list.at_end()) {
                       asn1::Reader access = list.inside(asn1::tag::sequence, "an access");
                       access.element(asn1::tag::object_identifier, "an access method");
                       if (!is_http_url(access.element("an access location")))
                           findings.emplace_back(
                               "authorityInfoAccess has a place that is no http URL "
                               "(BR 7.1.2.7.7)");
                   }
               });
}

/// One point with one http URL and nothing else (BR 7.1.2.11.2).
void check_crl_url(const Draft& draft, asn1::Failure& failure, Findings& findings) {
    read_value(draft.extensions, asn1::oid::crl_distribution_points, "cRLDistributionPoints",
               failure, [&](asn1::Reader& value) {
                   asn1::Reader list = value.inside(asn1::tag::sequence, "cRLDistributionPoints");
                   asn1::Reader point = list.inside(asn1::tag::sequence, "a distribution point");
                   asn1::Reader name = point.inside(asn1::tag::context_constructed(0),
                                                    "the name of a distribution point");
                   asn1::Reader full = name.inside(asn1::tag::context_constructed(0),
                                                   "the full name of a distribution point");
                   const auto url = full.element("a URL");
                   full.end("the full name of a distribution point");
                   name.end("the name of a distribution point");
                   point.end("a distribution point");
                   list.end("cRLDistributionPoints");
                   if (!is_http_url(url))
                       findings.emplace_back(
                           "cRLDistributionPoints has a place that is no http URL "
                           "(BR 7.1.2.11.2)");
               });
}

}  // namespace

std::vector<base::Error> lint_server_certificate(base::BytesView to_be_signed,
                                                 const ServerCertificateFields& wanted,
                                                 const Certificate& issuer,
                                                 const CertificateProfile* profile) {
    if (const auto sound = asn1::check(to_be_signed); !sound)
        return {sound.error().within("the certificate is not DER")};
    asn1::Failure failure;
    const Draft draft = take_apart(to_be_signed, failure);
    if (failure) return {*failure};

    Findings findings;
    SubjectNames names;
    read_value(draft.extensions, asn1::oid::subject_alt_name, "subjectAltName", failure,
               [&](asn1::Reader& value) { names = read_general_names(value, findings); });
    check_frame(draft, wanted, issuer, findings);
    check_key(draft, wanted.public_key, findings);
    check_subject(draft, names, wanted, profile, findings);
    check_names(names, wanted.names, findings);
    check_presence(draft, findings);
    check_key_usage(draft, wanted.public_key, profile, failure, findings);
    check_purposes(draft, profile, failure, findings);
    check_policies(draft, profile, failure, findings);
    check_issuer(draft, issuer, failure, findings);
    check_issuer_url(draft, failure, findings);
    check_crl_url(draft, failure, findings);
    if (failure) findings.push_back(*failure);
    return findings;
}

}  // namespace cairn::pki
