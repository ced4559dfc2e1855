#include "ca/facts/name_list.h"

#include <algorithm>

namespace cairn::ca {

using protocol::Identifier;
using protocol::IdentifierType;

namespace {

// With this in front, `names_` also has the zones right above the names that are listed: no name
// begins so, and a wildcard that stands for one of them is found without looking at all.
constexpr std::string_view zone_mark = "^";

constexpr std::size_t most_networks = 1000;

/// Entries that are wrong are told up to this number.
constexpr std::size_t most_told = 20;

}  // namespace

base::Result<NameList> NameList::of(std::span<const std::string> entries) {
    if (entries.size() > most_entries)
        return base::fail("it has more than " + std::to_string(most_entries) + " entries");
    NameList list;
    std::string findings;
    std::size_t wrong = 0;
    for (const auto& entry : entries) {
        const auto added = list.add(entry);
        if (added || ++wrong > most_told) continue;
        findings += (findings.empty() ? "\"" : "; \"") + base::printable(entry, 80) +
                    "\" is neither a name such as \"www.example.com\", nor a suffix such as "
                    "\".example.com\", nor a network: " +
                    added.error().message;
    }
    if (wrong > most_told) findings += "; and " + std::to_string(wrong - most_told) + " more";
    if (wrong > 0) return base::fail(findings);
    return list;
}

base::Result<void> NameList::add(const std::string& entry) {
    if (auto network = base::IpNetwork::from_text(entry)) {
        if (networks_.size() == most_networks)
            return base::fail("there are more than " + std::to_string(most_networks) + " networks");
        networks_.push_back(*network);
    } else if (entry.starts_with('.')) {
        auto zone = protocol::DnsName::from_text(std::string_view(entry).substr(1));
        if (!zone) return std::unexpected(std::move(zone.error()));
        suffixes_.insert(zone->text());
    } else {
        auto name = Identifier::dns(entry);
        if (!name) return std::unexpected(std::move(name.error()));
        names_.insert(name->value());
        const auto dot = name->base_value().find('.');
        if (!name->is_wildcard() && dot != std::string::npos)
            names_.insert(std::string(zone_mark) + name->base_value().substr(dot + 1));
    }
    entries_.push_back(entry);
    return {};
}

bool NameList::contains(const Identifier& identifier) const {
    if (identifier.type() == IdentifierType::ip) {
        const auto address = identifier.ip_address();
        return std::ranges::any_of(
            networks_, [&](const base::IpNetwork& network) { return network.contains(address); });
    }
    if (names_.contains(identifier.value())) return true;
    if (suffixes_.empty()) return false;
    std::string_view zone = identifier.base_value();
    if (identifier.is_wildcard() && suffixes_.contains(zone)) return true;
    for (auto dot = zone.find('.'); dot != std::string_view::npos; dot = zone.find('.')) {
        zone.remove_prefix(dot + 1);
        if (suffixes_.contains(zone)) return true;
    }
    return false;
}

bool NameList::touches(const Identifier& identifier) const {
    if (contains(identifier)) return true;
    if (!identifier.is_wildcard()) return false;
    return names_.contains(std::string(zone_mark) + identifier.base_value());
}

NameRules::Verdict NameRules::judge(const Identifier& identifier) const {
    if (deny.touches(identifier)) return Verdict::denied;
    if (!allow.is_empty() && !allow.contains(identifier)) return Verdict::not_listed;
    return Verdict::allowed;
}

bool is_at_or_below(std::string_view name, std::string_view zone) {
    return name == zone || (name.ends_with(zone) && name[name.size() - zone.size() - 1] == '.');
}

}  // namespace cairn::ca
