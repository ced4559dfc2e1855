#include "apps/ca/policy_configuration.h"

#include <string>
#include <vector>

#include "protocol/identifier.h"

namespace cairn::apps {

void read_policy(TomlSection section, Configuration::Policy& policy) {
    std::string kind(to_string(policy.kind));
    section.take("kind", kind);
    if (const auto known = ca::policy_kind_from(kind))
        policy.kind = *known;
    else
        section.find("kind", known.error().message);
    section.take("internal_names", policy.internal_names);
    section.take("baseline_requirements", policy.baseline_requirements);
    if (policy.kind == ca::PolicyKind::public_ca) {
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
void read_kinds(TomlSection& section, ca::Profile& profile) {
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
        else if (*algorithm == crypto::KeyAlgorithm::ed25519)
            section.find("key_types", "no certificate holds an ed25519 key (BR 6.1.5)");
        else
            profile.key_algorithms.insert(*algorithm);
    }
}

void read_profile(TomlSection section, ca::Profile& profile, const Configuration::Policy& policy,
                  base::Time now) {
    const bool baseline = policy.baseline_requirements;
    section.take("description", profile.description);
    section.take_duration("validity", profile.validity);
    profile.backdate = ca::Profile::usual_backdate(profile.validity);
    section.take_duration("backdate", profile.backdate);
    section.take_count("max_names", profile.max_names, 1, 1000);
    read_kinds(section, profile);
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

void read_profiles(TomlSection section, Configuration& configuration, base::Time now) {
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
        configuration.profiles.emplace(profile.name, profile);
    }
}

// Another profile must not become the one of all orders by its name alone.
void read_default_profile(TomlSection& top, Configuration& configuration) {
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
