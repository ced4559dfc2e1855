#include "ca/rules/policy.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "crypto/key_weakness.h"

namespace cairn::ca {

using protocol::Identifier;
using protocol::IdentifierType;

namespace {

constexpr std::size_t max_labels = 10;

// Names for which no certificate is issued, whatever the operator says.
struct RefusedZone {
    std::string_view zone, reason;
};
constexpr std::array refused_zones{
    RefusedZone{"in-addr.arpa", "names of the reverse DNS zones are not issued for (BR 4.2.2)"},
    RefusedZone{"ip6.arpa", "names of the reverse DNS zones are not issued for (BR 4.2.2)"},
    // No DNS answers for these, so that nothing could prove control of them.
    RefusedZone{"onion", "onion names are not supported (RFC 7686)"},
    RefusedZone{"alt", "names under .alt are not names of the DNS (RFC 9476)"},
    RefusedZone{"ipv4only.arpa", "the name stands for a network's NAT64 (RFC 8880)"},
    RefusedZone{"resolver.arpa", "the name stands for each client's own resolver (RFC 9462)"},
    RefusedZone{"service.arpa", "the name stands for each network's own services (RFC 9665)"},
    RefusedZone{"eap.arpa", "the name stands for a network's own provisioning"},
    RefusedZone{"eap-noob.arpa", "the name stands for a network's own provisioning (RFC 9140)"},
    RefusedZone{"6tisch.arpa", "the name stands for a network's own join proxy (RFC 9031)"},
};

// Reserved in the public DNS itself (RFC 6761 section 6.5): nobody controls them.
constexpr std::array<std::string_view, 3> documentation_zones{"example.com", "example.net",
                                                              "example.org"};

// Inside the public DNS, and yet each network's own (RFC 8375).
constexpr std::string_view home_zone = "home.arpa";

}  // namespace

NamePolicy::NamePolicy(Choices choices) : choices_(std::move(choices)) {}

std::set<std::string, std::less<>> NamePolicy::usual_private_suffixes() {
    return {"internal", "home.arpa", "intranet", "private", "corp",
            "home",     "lan",       "test",     "example"};
}

bool NamePolicy::is_private(const protocol::DnsName& name) const {
    if (name.label_count() == 1 || is_at_or_below(name.text(), home_zone)) return true;
    const auto top = name.text().substr(name.text().rfind('.') + 1);
    if (!choices_.top_level_domains.empty()) return !choices_.top_level_domains.contains(top);
    return !suffixes_.is_public_suffix(top);
}

std::optional<std::string> NamePolicy::refusal(const Identifier& identifier) const {
    auto reason = identifier.type() == IdentifierType::ip ? address_refusal(identifier.ip_address())
                                                          : name_refusal(identifier);
    if (reason) return reason;
    switch (choices_.names.judge(identifier)) {
        case NameRules::Verdict::allowed:
            return std::nullopt;
        case NameRules::Verdict::not_listed:
            return "it is not among the names that this CA issues for";
        case NameRules::Verdict::denied:
            return "the operator of this CA has it on the list of names that get no certificate";
    }
    return "it has no verdict";
}

std::optional<std::string> NamePolicy::address_refusal(const base::IpAddress& address) const {
    const bool allowed =
        is_public(address) ||
        (choices_.kind == PolicyKind::private_ca &&
         std::ranges::any_of(choices_.networks, [&](const base::IpNetwork& network) {
             return network.contains(address);
         }));
    if (allowed) return std::nullopt;
    return "the address is reserved for a special purpose (IANA registries)";
}

std::optional<std::string> NamePolicy::name_refusal(const Identifier& identifier) const {
    const auto name = identifier.dns_name();
    if (name.label_count() > max_labels) return "the name has more than 10 labels";
    for (const auto& [zone, reason] : refused_zones)
        if (is_at_or_below(name.text(), zone)) return std::string(reason);
    if (name.text() == home_zone) return "the zone is each network's own (RFC 8375)";
    if (suffixes_.is_public_suffix(name.text())) {
        return identifier.is_wildcard()
                   ? "a wildcard may not stand directly above a public suffix (BR 3.2.2.6)"
                   : "the name is a public suffix";
    }
    if (is_private(name)) return private_name_refusal(identifier);
    if (choices_.kind == PolicyKind::public_ca)
        for (const auto zone : documentation_zones)
            if (is_at_or_below(name.text(), zone))
                return "the name is reserved for documentation (RFC 6761)";
    return std::nullopt;
}

std::optional<std::string> NamePolicy::private_name_refusal(const Identifier& identifier) const {
    const auto name = identifier.dns_name();
    if (choices_.kind == PolicyKind::public_ca)
        return "the name does not exist in the public DNS (BR 4.2.2)";
    const bool is_allowed =
        choices_.internal_names ||
        (name.label_count() > 1 &&
         std::ranges::any_of(choices_.private_suffixes, [&](const std::string& suffix) {
             return is_at_or_below(name.text(), suffix);
         }));
    if (!is_allowed)
        return "the name does not exist in the public DNS (the operator can allow its suffix, or "
               "internal names)";
    if (identifier.is_wildcard() && name.label_count() == 1)
        return "a wildcard may not stand directly above a top-level name";
    return std::nullopt;
}

std::optional<std::string> account_key_refusal(const crypto::PublicKey& key) {
    return crypto::key_weakness(key);
}

std::optional<std::string> certificate_key_refusal(const crypto::PublicKey& key) {
    return crypto::key_weakness(key);
}

}  // namespace cairn::ca
