#include "protocol/ancestor_domain.h"

#include <string_view>

namespace cairn::protocol {

bool is_below(const Identifier& identifier, const DnsName& ancestor) {
    if (identifier.type() != IdentifierType::dns) return false;
    const std::string_view name = identifier.base_value();
    const std::string_view end = ancestor.text();
    if (name == end) return identifier.is_wildcard();
    return name.size() > end.size() && name.ends_with(end) &&
           name[name.size() - end.size() - 1] == '.';
}

std::vector<DnsName> ancestors_of(const Identifier& identifier) {
    std::vector<DnsName> ancestors;
    if (identifier.type() != IdentifierType::dns) return ancestors;
    if (identifier.is_wildcard()) ancestors.push_back(identifier.dns_name());
    std::string_view name = identifier.base_value();
    for (auto dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
        name.remove_prefix(dot + 1);
        // What is left of a name is one, too.
        if (const auto ancestor = DnsName::from_text(name)) ancestors.push_back(*ancestor);
    }
    return ancestors;
}

}  // namespace cairn::protocol
