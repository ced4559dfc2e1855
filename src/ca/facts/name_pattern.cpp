#include "ca/facts/name_pattern.h"

#include <utility>

namespace cairn::ca {

using protocol::DnsName;
using protocol::Identifier;
using protocol::IdentifierType;

base::Result<NamePattern> NamePattern::from_text(std::string_view text) {
    if (text.starts_with('.')) {
        auto name = DnsName::from_text(text.substr(1));
        if (!name) return std::unexpected(name.error());
        return NamePattern(Below{*std::move(name)});
    }
    if (auto network = base::IpNetwork::from_text(text)) return NamePattern(*network);
    auto identifier = Identifier::dns(text);
    if (!identifier) return std::unexpected(identifier.error());
    return NamePattern(*std::move(identifier));
}

bool NamePattern::matches(const Identifier& identifier) const {
    if (const auto* network = std::get_if<base::IpNetwork>(&meaning_))
        return identifier.type() == IdentifierType::ip &&
               network->contains(identifier.ip_address());
    if (const auto* exact = std::get_if<Identifier>(&meaning_)) return *exact == identifier;
    if (identifier.type() != IdentifierType::dns) return false;
    const auto& above = std::get<Below>(meaning_).name.text();
    return identifier.value().ends_with("." + above);
}

std::string NamePattern::to_string() const {
    if (const auto* network = std::get_if<base::IpNetwork>(&meaning_)) return network->to_string();
    if (const auto* exact = std::get_if<Identifier>(&meaning_)) return exact->value();
    return "." + std::get<Below>(meaning_).name.text();
}

}  // namespace cairn::ca
