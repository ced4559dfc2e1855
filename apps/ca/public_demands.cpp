#include "apps/ca/public_demands.h"

#include <cstdint>
#include <set>
#include <stdexcept>

#include "ca/rules/quorum.h"
#include "crypto/pkcs11/uri.h"

namespace cairn::apps {

namespace {

constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;

// What no setting can mend.
const std::vector<std::string>& never_there() {
    static const std::vector<std::string> missing{
        "certificates are in no log of certificate transparency, without which browsers refuse "
        "them "
        "(RFC 6962, Chrome and Apple); not in this version"};
    return missing;
}

// What is lacking of the remote perspectives that are demanded on this day.
void add_missing_perspectives(const Configuration& configuration, base::Time now,
                              std::vector<std::string>& missing) {
    const auto demand = ca::corroboration_demanded(now);
    if (!demand.is_enforced) return;
    const auto since = base::to_rfc3339(demand.since).substr(0, 10);
    const auto remotes = configuration.remote_regions();
    const std::set<protocol::InternetRegistry> regions(remotes.begin(), remotes.end());
    const auto count = remotes.size();
    if (count < demand.remotes)
        missing.push_back("there are " + std::to_string(count) +
                          " remote network perspectives ([[perspective]], [[open_mpic]]), and " +
                          std::to_string(demand.remotes) + " are demanded since " + since +
                          " (BR 3.2.2.9): `cairn-ca perspective add` enrols them");
    else if (regions.size() < demand.regions)
        missing.push_back("the remote network perspectives stand in the service region of " +
                          std::to_string(regions.size()) + " registry, and " +
                          std::to_string(demand.regions) + " regions are demanded since " + since +
                          " (BR 3.2.2.9)");
}

}  // namespace

std::vector<std::string> missing_for_public(const Configuration& configuration, base::Time now) {
    if (configuration.policy.kind != ca::PolicyKind::public_ca) return {};
    auto missing = never_there();
    add_missing_perspectives(configuration, now, missing);
    for (const auto& [name, issuer] : configuration.issuers)
        if (issuer.use.active && !crypto::Pkcs11Uri::is_one(issuer.key))
            missing.push_back("issuers." + name +
                              ".key is a file, and not a key in hardware of FIPS 140 level 3 (BR "
                              "6.2.7): make it in a token, `cairn-ca issuer create --key-store "
                              "pkcs11:URI`");
    const auto& validation = configuration.validation;
    if (configuration.directory.caa_identities.empty())
        missing.emplace_back(
            "directory.caa_identities names this CA by no domain name, so that CAA records are not "
            "asked for (BR 3.2.2.8 and 2.2)");
    if (!configuration.directory.terms_of_service.starts_with("https://"))
        missing.emplace_back(
            "directory.terms_of_service names no terms at an https URL, to which subscribers agree "
            "(BR 9.6.3)");
    if (!validation.dnssec)
        missing.emplace_back(
            "validation.dnssec is false (BR 3.2.2.4 and 3.2.2.8 since 2026-03-15)");
    if (!validation.allow_networks.empty())
        missing.emplace_back(
            "validation.allow_networks is not empty: addresses outside the public Internet are "
            "certified by no public CA (BR 4.2.2)");
    if (validation.http_port != http_port || validation.https_port != https_port ||
        validation.tls_alpn_port != https_port)
        missing.emplace_back(
            "validation.http_port, .https_port and .tls_alpn_port are not 80, 443 and 443 (BR "
            "3.2.2.4.19 and 3.2.2.4.20)");
    if (configuration.policy.weak_keys.empty())
        missing.emplace_back("policy.weak_keys names no list of Debian's weak keys (BR 6.1.1.3)");
    return missing;
}

Configuration load_servable_configuration(const std::filesystem::path& folder,
                                          const std::vector<std::string>& overrides, base::Time now,
                                          const Adapters& adapters) {
    auto configuration = load_configuration(folder, overrides, now);
    const auto missing = adapters.missing_for_public(configuration, now);
    if (missing.empty()) return configuration;
    std::string text = (folder / "ca.toml").string() +
                       " is of a public CA (policy.kind), which does not start while something is "
                       "missing that the Baseline Requirements or browsers demand:";
    for (const auto& each : missing) text += "\n  " + each;
    throw std::runtime_error(
        text + "\nSo this version serves private CAs alone: `cairn-ca init --private` makes one.");
}

}  // namespace cairn::apps
