#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "asn1/object_id.h"
#include "pki/lint_rule.h"

namespace cairn::pki {
namespace {

using enum LintRule::Scope;

/// One extension of a certificate for a TLS server, and what it must be like.
struct Place {
    base::BytesView object_id;
    std::string_view name;
    enum class Presence { required, optional } presence;
    Criticality criticality;
};

using Places = std::array<Place, 9>;
Places places_in(const DraftParts& draft) {
    using enum Criticality;
    using enum Place::Presence;
    return {
        Place{asn1::oid::key_usage, "keyUsage", required, critical},
        Place{asn1::oid::extended_key_usage, "extKeyUsage", required, non_critical},
        Place{asn1::oid::basic_constraints, "basicConstraints", required, critical},
        Place{asn1::oid::authority_key_identifier, "authorityKeyIdentifier", required,
              non_critical},
        Place{asn1::oid::subject_key_identifier, "subjectKeyIdentifier", optional, non_critical},
        Place{asn1::oid::certificate_policies, "certificatePolicies", required, non_critical},
        Place{asn1::oid::authority_information_access, "authorityInfoAccess", optional,
              non_critical},
        Place{asn1::oid::crl_distribution_points, "cRLDistributionPoints", optional, non_critical},
        // RFC 5280 section 4.2.1.6: critical if and only if the subject is empty. That there is a
        // name in it is a rule of its own.
        Place{asn1::oid::subject_alt_name, "subjectAltName", optional,
              draft.common_names.empty() ? critical : non_critical},
    };
}

const ExtensionView* find(const DraftParts& draft, base::BytesView object_id) {
    const auto found = std::ranges::find_if(draft.extensions, [&](const ExtensionView& extension) {
        return std::ranges::equal(extension.object_id, object_id);
    });
    return found == draft.extensions.end() ? nullptr : &*found;
}

void check_presence(const LintSubject& subject, LintFindings& findings) {
    for (const Place& place : places_in(subject.draft))
        add_if(place.presence == Place::Presence::required &&
                   find(subject.draft, place.object_id) == nullptr,
               fmt::format("{} is missing", place.name), findings);
}

void check_criticality(const LintSubject& subject, LintFindings& findings) {
    for (const Place& place : places_in(subject.draft)) {
        const auto* extension = find(subject.draft, place.object_id);
        add_if(extension != nullptr && extension->criticality != place.criticality,
               fmt::format("{} is {}critical", place.name,
                           place.criticality == Criticality::critical ? "not " : ""),
               findings);
    }
}

void check_no_others(const LintSubject& subject, LintFindings& findings) {
    const auto places = places_in(subject.draft);
    for (const ExtensionView& extension : subject.draft.extensions)
        add_if(std::ranges::none_of(places,
                                    [&](const Place& place) {
                                        return std::ranges::equal(extension.object_id,
                                                                  place.object_id);
                                    }),
               "there is an extension that no rule allows", findings);
}

bool is_rsa(const LintSubject& subject) {
    return subject.wanted.public_key.algorithm() == crypto::KeyAlgorithm::rsa;
}

/// The octet of keyUsage whose bits all stand in the first one; 0 for any other. Nothing if there
/// is no keyUsage.
std::optional<std::uint8_t> key_usage_of(const LintSubject& subject) {
    std::optional<std::uint8_t> usage;
    read_value(subject.draft.extensions, asn1::oid::key_usage, "keyUsage", subject.failure,
               [&](asn1::Reader& value) {
                   const auto bits = value.element(asn1::tag::bit_string, "keyUsage").content;
                   usage = bits.size() == 2 ? bits[1] : 0;
               });
    return usage;
}

void check_key_usage(const LintSubject& subject, LintFindings& findings) {
    const auto usage = key_usage_of(subject);
    if (!usage) return;
    const std::uint8_t allowed =
        key_usage::digital_signature | (is_rsa(subject) ? key_usage::key_encipherment : 0);
    add_if((*usage & key_usage::digital_signature) == 0 || (*usage & ~allowed) != 0,
           "keyUsage is not that of a TLS server with such a key", findings);
}

void check_key_usage_wanted(const LintSubject& subject, LintFindings& findings) {
    const auto usage = key_usage_of(subject);
    const auto& profile = *subject.profile;
    add_if(usage && *usage != (is_rsa(subject) ? profile.usage_of_rsa : profile.usage_of_others),
           "keyUsage is not what the profile says", findings);
}

/// The object identifiers of a sequence; nothing if the extension is not there.
std::optional<std::vector<base::BytesView>> purposes_of(const LintSubject& subject) {
    std::optional<std::vector<base::BytesView>> purposes;
    read_value(subject.draft.extensions, asn1::oid::extended_key_usage, "extKeyUsage",
               subject.failure, [&](asn1::Reader& value) {
                   purposes.emplace();
                   asn1::Reader list = value.inside(asn1::tag::sequence, "extKeyUsage");
                   while (!list.at_end())
                       purposes->push_back(
                           list.element(asn1::tag::object_identifier, "a purpose").content);
               });
    return purposes;
}

bool is_purpose(base::BytesView purpose, KeyPurpose known) {
    return std::ranges::equal(purpose, object_id_of(known));
}

std::ptrdiff_t count_of(const std::vector<base::BytesView>& purposes, KeyPurpose known) {
    return std::ranges::count_if(
        purposes, [&](base::BytesView purpose) { return is_purpose(purpose, known); });
}

void check_purposes_known(const LintSubject& subject, LintFindings& findings) {
    const auto purposes = purposes_of(subject);
    if (!purposes) return;
    const auto servers = count_of(*purposes, KeyPurpose::server_auth);
    const auto clients = count_of(*purposes, KeyPurpose::client_auth);
    add_if(servers > 1 || clients > 1 || servers + clients == 0 ||
               servers + clients != std::ssize(*purposes),
           "extKeyUsage is not serverAuth, clientAuth or both", findings);
}

void check_server_purpose(const LintSubject& subject, LintFindings& findings) {
    const auto purposes = purposes_of(subject);
    add_if(purposes && count_of(*purposes, KeyPurpose::server_auth) != 1,
           "extKeyUsage is not serverAuth, or serverAuth and clientAuth", findings);
}

void check_purposes_wanted(const LintSubject& subject, LintFindings& findings) {
    const auto purposes = purposes_of(subject);
    add_if(purposes && !std::ranges::equal(*purposes, subject.profile->purposes, is_purpose),
           "extKeyUsage is not what the profile says", findings);
}

std::optional<std::vector<base::BytesView>> policies_of(const LintSubject& subject) {
    std::optional<std::vector<base::BytesView>> policies;
    read_value(subject.draft.extensions, asn1::oid::certificate_policies, "certificatePolicies",
               subject.failure, [&](asn1::Reader& value) {
                   policies.emplace();
                   asn1::Reader list = value.inside(asn1::tag::sequence, "certificatePolicies");
                   while (!list.at_end()) {
                       asn1::Reader policy = list.inside(asn1::tag::sequence, "a policy");
                       policies->push_back(
                           policy.element(asn1::tag::object_identifier, "a policy").content);
                       policy.end("a policy");
                   }
               });
    return policies;
}

void check_reserved_policy(const LintSubject& subject, LintFindings& findings) {
    const auto policies = policies_of(subject);
    const auto is_domain_validated = [](base::BytesView policy) {
        return std::ranges::equal(policy, asn1::oid::domain_validated);
    };
    add_if(policies && std::ranges::count_if(*policies, is_domain_validated) != 1,
           "certificatePolicies do not say domain-validated once", findings);
}

void check_policies_wanted(const LintSubject& subject, LintFindings& findings) {
    const auto policies = policies_of(subject);
    const auto is = [](base::BytesView policy, const base::Bytes& wanted) {
        return std::ranges::equal(policy, wanted);
    };
    add_if(policies && !std::ranges::equal(*policies, subject.profile->policies, is),
           "certificatePolicies are not what the profile says", findings);
}

/// True if a value is exactly these octets, or is not there.
bool is_value(const LintSubject& subject, base::BytesView object_id, std::string_view what,
              base::BytesView expected) {
    const auto value = sole_value(subject.draft.extensions, object_id, what, subject.failure);
    return !value || std::ranges::equal(*value, expected);
}

void check_no_authority(const LintSubject& subject, LintFindings& findings) {
    const base::Bytes no_authority{asn1::tag::sequence, 0};
    add_if(!is_value(subject, asn1::oid::basic_constraints, "basicConstraints", no_authority),
           "basicConstraints make it a CA", findings);
}

void check_authority_key_id(const LintSubject& subject, LintFindings& findings) {
    asn1::Writer key_id;
    key_id.nested(asn1::tag::sequence, [&] {
        const auto& id = subject.issuer.subject_key_id();
        key_id.element(asn1::tag::context(0), id ? base::BytesView(*id) : base::BytesView());
    });
    add_if(!is_value(subject, asn1::oid::authority_key_identifier, "authorityKeyIdentifier",
                     key_id.view()),
           "authorityKeyIdentifier is not the issuer's subjectKeyIdentifier", findings);
}

void check_subject_key_id_wanted(const LintSubject& subject, LintFindings& findings) {
    const bool is_there = find(subject.draft, asn1::oid::subject_key_identifier) != nullptr;
    add_if(is_there != subject.profile->subject_key_id,
           "subjectKeyIdentifier is not what the profile says", findings);
}

bool is_http_url(const asn1::Element& name) {
    return name.tag == asn1::tag::context(6) && base::text_of(name.content).starts_with("http://");
}

void check_issuer_url(const LintSubject& subject, LintFindings& findings) {
    read_value(subject.draft.extensions, asn1::oid::authority_information_access,
               "authorityInfoAccess", subject.failure, [&](asn1::Reader& value) {
                   asn1::Reader list = value.inside(asn1::tag::sequence, "authorityInfoAccess");
                   while (!list.at_end()) {
                       asn1::Reader access = list.inside(asn1::tag::sequence, "an access");
                       access.element(asn1::tag::object_identifier, "an access method");
                       add_if(!is_http_url(access.element("an access location")),
                              "authorityInfoAccess has a place that is no http URL", findings);
                   }
               });
}

void check_crl_url(const LintSubject& subject, LintFindings& findings) {
    // One point with one http URL and nothing else.
    read_value(subject.draft.extensions, asn1::oid::crl_distribution_points,
               "cRLDistributionPoints", subject.failure, [&](asn1::Reader& value) {
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
                   add_if(!is_http_url(url),
                          "cRLDistributionPoints has a place that is no http URL", findings);
               });
}

void check_crl_url_wanted(const LintSubject& subject, LintFindings& findings) {
    constexpr std::string_view what = "cRLDistributionPoints";
    const auto& url = subject.wanted.crl_url;
    asn1::Writer points;
    points.nested(asn1::tag::sequence, [&] {
        points.nested(asn1::tag::sequence, [&] {
            points.nested(asn1::tag::context_constructed(0), [&] {
                points.nested(asn1::tag::context_constructed(0),
                              [&] { points.element(asn1::tag::context(6), url); });
            });
        });
    });
    const bool is_there = find(subject.draft, asn1::oid::crl_distribution_points) != nullptr;
    add_if(is_there == url.empty() ||
               (is_there &&
                !is_value(subject, asn1::oid::crl_distribution_points, what, points.view())),
           "cRLDistributionPoints is not the list that was chosen", findings);
}

constexpr std::array extension_rules{
    LintRule{"extensions-present", "BR 7.1.2.7.6", always, check_presence},
    LintRule{"extensions-critical", "BR 7.1.2.7.6", always, check_criticality},
    LintRule{"extensions-known", "BR 7.1.2.7.6", always, check_no_others},
    LintRule{"key-usage", "BR 7.1.2.7.11, RFC 8813 section 3", always, check_key_usage},
    LintRule{"key-usage-wanted", "", profile, check_key_usage_wanted},
    LintRule{"purposes-known", "RFC 5280 section 4.2.1.12", always, check_purposes_known},
    LintRule{"purpose-server", "BR 7.1.2.7.10", public_trust, check_server_purpose},
    LintRule{"purposes-wanted", "", profile, check_purposes_wanted},
    LintRule{"policy-reserved", "BR 7.1.2.7.9", always, check_reserved_policy},
    LintRule{"policies-wanted", "", profile, check_policies_wanted},
    LintRule{"no-authority", "BR 7.1.2.7.8", always, check_no_authority},
    LintRule{"authority-key-id", "RFC 5280 section 4.2.1.1", always, check_authority_key_id},
    LintRule{"subject-key-id-wanted", "", profile, check_subject_key_id_wanted},
    LintRule{"issuer-url", "BR 7.1.2.7.7", always, check_issuer_url},
    LintRule{"crl-url", "BR 7.1.2.11.2", always, check_crl_url},
    LintRule{"crl-url-wanted", "BR 7.2.2.1", profile, check_crl_url_wanted},
};

}  // namespace

std::span<const LintRule> lint_rules_of_extensions() {
    return extension_rules;
}

}  // namespace cairn::pki
