#include "client/nginx/listen_address.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include <fmt/format.h>

#include "base/ip_address.h"

namespace cairn::client::nginx {
namespace {

std::optional<std::uint16_t> port_from(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
    return port;
}

/// Reads "80" or "8000-8010"; false if it is neither.
bool read_ports(std::string_view text, ListenAddress& address) {
    const auto dash = text.find('-');
    const auto first = port_from(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : port_from(text.substr(dash + 1));
    if (!first || !last || *last < *first) return false;
    address.first_port = *first;
    address.last_port = *last;
    return true;
}

ListenHost host_from(std::string_view text) {
    if (text.empty() || text == "*") return {};
    if (const auto address = base::IpAddress::from_lenient_text(text);
        address && address->family() == base::IpAddress::Family::v4)
        return {ListenHost::Kind::ipv4, address->to_string()};
    std::string name(text);
    std::ranges::transform(name, name.begin(), [](unsigned char c) {
        return static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    });
    return {ListenHost::Kind::name, name};
}

base::Result<ListenAddress> address_from(std::string_view text) {
    const auto wrong = [text] {
        return base::fail(fmt::format("\"{}\" is no address to listen on", base::printable(text)));
    };
    ListenAddress address;
    if (text.starts_with("unix:")) {
        address.host = {ListenHost::Kind::unix_socket, std::string(text.substr(5))};
        address.first_port = address.last_port = 0;
        return address;
    }
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return wrong();
        const auto ip = base::IpAddress::from_lenient_text(text.substr(1, end - 1));
        if (!ip || ip->family() != base::IpAddress::Family::v6) return wrong();
        address.host = {ListenHost::Kind::ipv6, ip->to_string()};
        const auto rest = text.substr(end + 1);
        if (rest.empty()) return address;
        if (!rest.starts_with(':') || !read_ports(rest.substr(1), address)) return wrong();
        return address;
    }
    const auto colon = text.rfind(':');
    if (colon != std::string_view::npos) {
        if (!read_ports(text.substr(colon + 1), address)) return wrong();
        address.host = host_from(text.substr(0, colon));
        return address;
    }
    if (read_ports(text, address)) return address;
    if (text.empty() || port_from(text)) return wrong();
    address.host = host_from(text);
    return address;
}

}  // namespace

std::string ListenHost::reachable_at() const {
    switch (kind) {
        case Kind::ipv4:
            return is_everywhere() ? "127.0.0.1" : text;
        case Kind::ipv6:
            return is_everywhere() ? "::1" : text;
        case Kind::name:
            return text;
        case Kind::unix_socket:
            break;
    }
    return {};
}

base::Result<ListenAddress> ListenAddress::from(const Directive& directive) {
    auto address = address_from(directive.parameter(1));
    if (!address) return address;
    for (std::size_t i = 2; i < directive.words.size(); ++i) {
        const auto parameter = directive.parameter(i);
        if (parameter == "default_server" || parameter == "default") address->is_default = true;
        if (parameter == "ssl") address->is_tls = true;
        if (parameter == "quic") address->is_quic = true;
        if (parameter == "proxy_protocol") address->speaks_proxy_protocol = true;
        if (parameter == "ipv6only=on") address->ipv6_only = true;
        if (parameter == "ipv6only=off") address->ipv6_only = false;
    }
    return address;
}

std::string listen_text(const ListenHost& host, std::uint16_t port) {
    switch (host.kind) {
        case ListenHost::Kind::ipv6:
            return fmt::format("[{}]:{}", host.text, port);
        case ListenHost::Kind::unix_socket:
            return "unix:" + host.text;
        case ListenHost::Kind::ipv4:
            if (host.is_everywhere()) return fmt::format("{}", port);
            break;
        case ListenHost::Kind::name:
            break;
    }
    return fmt::format("{}:{}", host.text, port);
}

}  // namespace cairn::client::nginx
