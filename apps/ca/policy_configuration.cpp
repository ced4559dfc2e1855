#include "apps/ca/policy_configuration.h"

#include <algorithm>
#include <string>
#include <vector>

#include "protocol/identifier.h"

namespace cairn::apps {

namespace {

constexpr base::Seconds longest_lint{60};

// The lists of names of the CA or of a profile.
ca::NameRules take_names(base::TomlSection& section) {
    const auto take = [&](const char* key) {
        std::vector<std::string> entries;
        section.take(key, entries);
        auto list = ca::NameList::of(entries);
        if (list) return *std::move(list);
        section.find(key, list.error().message);
        return ca::NameList();
    };
    ca::NameRules rules;
    rules.allow = take("allow_names");
    rules.deny = take("deny_names");
    return rules;
}

}  // namespace

void read_policy(base::TomlSection section, Configuration::Policy& policy) {
    std::string kind(to_string(policy.kind));
    section.take("kind", kind);
    if (const auto known = ca::policy_kind_from(kind))
        policy.kind = *known;
    else
        section.find("kind", known.error().message);
    section.take("internal_names", policy.internal_names);
    section.take("baseline_requirements", policy.baseline_requirements);
    const bool is_public = policy.kind == ca::PolicyKind::public_ca;
    std::vector<std::string> suffixes;
    if (!is_public) suffixes.assign(policy.private_suffixes.begin(), policy.private_suffixes.end());
    section.take("private_suffixes", suffixes);
    if (is_public && !suffixes.empty())
        section.find("private_suffixes", "must be empty in a public CA (BR 4.2.2)");
    policy.private_suffixes.clear();
    for (const auto& suffix : suffixes) {
        if (const auto name = protocol::DnsName::from_text(suffix))
            policy.private_suffixes.insert(name->text());
        else
            section.find("private_suffixes",
                         "names \"" + base::printable(suffix, 80) + "\": " + name.error().message);
    }
    section.take("top_level_domains", policy.top_level_domains);
    policy.names = take_names(section);
    section.take("weak_keys", policy.weak_keys);
    section.take("linter", policy.linter);
    section.take_duration("linter_timeout", policy.linter_timeout);
    if (policy.linter_timeout > longest_lint)
        section.find("linter_timeout", "must not exceed 60s: each certificate waits for it");
    if (is_public) {
        if (policy.internal_names)
            section.find("internal_names", "must be false for a public CA (BR 4.2.2)");
        if (!policy.baseline_requirements)
            section.find("baseline_requirements", "must be true for a public CA");
    }
    section.report_unknown();
}

namespace {

constexpr base::Seconds longest_reuse = std::chrono::days(200);

// What kinds of names and keys a profile is for, and what their certificates say.
void read_kinds(base::TomlSection& section, ca::Profile& profile) {
    section.take("common_name", profile.certificate.common_name);
    bool key_encipherment = true;
    section.take("key_encipherment", key_encipherment);
    if (!key_encipherment) profile.certificate.usage_of_rsa = pki::key_usage::digital_signature;
    std::vector<std::string> identifiers{"dns", "ip"};
    std::vector<std::string> key_types;
    section.take("identifiers", identifiers);
    section.take("key_types", key_types);
    profile.identifier_types.clear();
    for (const auto type : {protocol::IdentifierType::dns, protocol::IdentifierType::ip})
        if (std::erase(identifiers, to_string(type)) > 0) profile.identifier_types.insert(type);
    if (!identifiers.empty() || profile.identifier_types.empty())
        section.find("identifiers", "must name \"dns\", \"ip\" or both, and nothing else");
    for (const auto& name : key_types) {
        const auto algorithm = crypto::key_algorithm_from(name);
        if (!algorithm)
            section.find("key_types", algorithm.error().message);
        else if (*algorithm == crypto::KeyAlgorithm::ed25519 && profile.certificate.public_trust)
            section.find("key_types",
                         "no certificate of a public CA holds an ed25519 key (BR 6.1.5)");
        else
            profile.key_algorithms.insert(*algorithm);
    }
}

// What a certificate may be used for, and what else it says of its subject.
void read_uses(base::TomlSection& section, ca::Profile& profile) {
    auto& certificate = profile.certificate;
    std::vector<std::string> purposes{"serverAuth"};
    section.take("extended_key_usage", purposes);
    certificate.purposes.clear();
    for (const auto& name : purposes) {
        const auto purpose = pki::key_purpose_from(name);
        if (!purpose)
            section.find("extended_key_usage", purpose.error().message);
        else if (std::ranges::find(certificate.purposes, *purpose) != certificate.purposes.end())
            section.find("extended_key_usage", "names \"" + name + "\" twice");
        else
            certificate.purposes.push_back(*purpose);
    }
    const bool is_for_servers = purposes.size() == 1 && purposes.front() == "serverAuth";
    if (purposes.empty())
        section.find("extended_key_usage", "must name \"serverAuth\", \"clientAuth\" or both");
    else if (certificate.public_trust && !is_for_servers)
        section.find("extended_key_usage",
                     "must be \"serverAuth\" alone in a public CA (Chrome Root Program 1.8)");
    section.take("uris", certificate.uris);
    if (certificate.public_trust && certificate.uris)
        section.find("uris", "must be false in a public CA (BR 7.1.2.7.12)");
    section.take("subject_key_identifier", certificate.subject_key_id);
}

constexpr base::Seconds short_life = std::chrono::days(7);

// How the revocation of a certificate is told.
void read_crl_choice(base::TomlSection& section, ca::Profile& profile) {
    using enum pki::CertificateProfile::Crl;
    std::string word = "full";
    if (section.is_false("crl"))
        word = "none";
    else
        section.take("crl", word);
    auto& crl = profile.certificate.crl;
    if (word == "full")
        crl = full;
    else if (word == "sharded")
        crl = sharded;
    else if (word == "none")
        crl = none;
    else
        section.find("crl", "must be \"full\", \"sharded\" or \"none\"");
    if (crl == none && profile.certificate.public_trust && profile.validity > short_life)
        section.find("crl",
                     "must be full or sharded in a public CA, unless validity is at most 7d (BR "
                     "7.1.2.11.2)");
}

void read_profile(base::TomlSection section, ca::Profile& profile,
                  const Configuration::Policy& policy, base::Time now) {
    const bool baseline = policy.baseline_requirements;
    profile.certificate.public_trust = policy.kind == ca::PolicyKind::public_ca;
    section.take("description", profile.description);
    section.take_duration("validity", profile.validity);
    profile.backdate = ca::Profile::usual_backdate(profile.validity);
    section.take_duration("backdate", profile.backdate);
    section.take_count("max_names", profile.max_names, 1, 1000);
    read_kinds(section, profile);
    read_uses(section, profile);
    read_crl_choice(section, profile);
    profile.names = take_names(section);
    section.take_duration("order_lifetime", profile.order_lifetime);
    section.take_duration("pending_lifetime", profile.pending_lifetime);
    section.take_duration("reuse_lifetime", profile.reuse_lifetime);
    profile.baseline_requirements = baseline;
    profile.operators_word = policy.kind == ca::PolicyKind::private_ca;
    if (baseline && profile.reuse_lifetime > longest_reuse)
        section.find("reuse_lifetime", "must not exceed 200d (BR 4.2.1)");
    const auto longest_backdate = ca::Profile::longest_backdate(profile.validity);
    if (profile.backdate > longest_backdate)
        section.find("backdate", "must not exceed a third of validity, " +
                                     std::to_string(longest_backdate.count()) +
                                     "s: clients that renew after two thirds would do so at once");
    if (profile.backdate > std::chrono::hours(48))
        section.find("backdate", "must not exceed 48h (BR 7.1.2.7)");
    if (baseline && profile.validity > ca::longest_validity(now))
        section.find("validity",
                     "exceeds what the Baseline Requirements allow today (6.3.2); "
                     "policy.baseline_requirements = false lifts this for a private CA");
    section.report_unknown();
}

}  // namespace

void read_profiles(base::TomlSection section, Configuration& configuration, base::Time now) {
    for (const auto& name : section.keys()) {
        ca::Profile profile;
        profile.name = name;
        profile.description = name;
        read_profile(section.section(name), profile, configuration.policy, now);
        configuration.profiles.emplace(name, std::move(profile));
    }
    if (configuration.profiles.empty()) {
        ca::Profile profile;
        profile.name = "default";
        profile.description = "certificates for TLS servers, 90 days";
        profile.operators_word = configuration.policy.kind == ca::PolicyKind::private_ca;
        profile.certificate.public_trust = configuration.policy.kind == ca::PolicyKind::public_ca;
        profile.certificate.crl = pki::CertificateProfile::Crl::full;
        configuration.profiles.emplace(profile.name, profile);
    }
}

// Another profile must not become the one of all orders by its name alone.
void read_default_profile(base::TomlSection& top, Configuration& configuration) {
    auto& name = configuration.default_profile;
    top.take("default_profile", name);
    const auto& profiles = configuration.profiles;
    if (name.empty()) name = profiles.size() == 1 ? profiles.begin()->first : "default";
    if (profiles.contains(name)) return;
    std::string names;
    for (const auto& [known, profile] : profiles) names += (names.empty() ? "" : ", ") + known;
    top.find("default_profile", "must say which profile orders get that name none: " + names +
                                    " (without it, it is the one named default)");
}

}  // namespace cairn::apps
