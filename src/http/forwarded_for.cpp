#include "http/forwarded_for.h"

#include <algorithm>
#include <optional>
#include <ranges>
#include <string_view>

#include "http/field_syntax.h"
#include "net/ascii.h"
#include "net/client_network.h"

namespace cairn::http {

using base::IpAddress;

namespace {

// There is no standard for it: proxies write addresses, some with brackets or with a port.
std::optional<IpAddress> address_in(std::string_view entry) {
    entry = trimmed(entry);
    if (entry.starts_with('[')) {
        const auto end = entry.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        entry = entry.substr(1, end - 1);
    } else if (std::ranges::count(entry, ':') == 1) {
        entry = entry.substr(0, entry.find(':'));
    }
    const auto address = IpAddress::from_lenient_text(entry);
    if (!address) return std::nullopt;
    return net::unmapped(*address);
}

}  // namespace

bool is_trusted(const IpAddress& address, std::span<const base::IpNetwork> trusted_proxies) {
    return std::ranges::any_of(
        trusted_proxies, [&](const base::IpNetwork& network) { return network.contains(address); });
}

IpAddress forwarded_client(const Request& request, const IpAddress& peer,
                           std::span<const base::IpNetwork> trusted_proxies) {
    auto client = peer;
    for (const auto& [name, value] : std::views::reverse(request.fields)) {
        if (!net::same_ignoring_case(name, "X-Forwarded-For")) continue;
        for (std::string_view list = value; is_trusted(client, trusted_proxies);) {
            const auto comma = list.rfind(',');
            const auto entry = comma == std::string_view::npos ? list : list.substr(comma + 1);
            const auto address = address_in(entry);
            if (!address) return client;
            client = *address;
            if (comma == std::string_view::npos) break;
            list = list.substr(0, comma);
        }
    }
    return client;
}

}  // namespace cairn::http
