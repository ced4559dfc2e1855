#include "client/apache/configuration.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fnmatch.h>

#include "net/ascii.h"

namespace cairn::client::apache {
namespace {

std::optional<std::uint16_t> port_from(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return port;
}

bool is_all_zero(const base::IpAddress& address) {
    return std::ranges::all_of(address.octets(), [](auto octet) { return octet == 0; });
}

template <class Statements>
const Statement* last_of(const Statements& statements, std::string_view name) {
    const auto found = std::find_if(statements.rbegin(), statements.rend(),
                                    [&](const Statement& each) { return each.name == name; });
    return found == statements.rend() ? nullptr : &*found;
}

}  // namespace

std::string Statement::place() const {
    return fmt::format("{}:{}", base::printable(file->path.string(), 400), node->line);
}

std::optional<HostAddress> host_address_from(std::string_view text) {
    if (text.empty()) return std::nullopt;
    HostAddress host;
    auto name = text;
    if (const auto port = port_from(text)) {
        host.port = port;
        return host;  // a Listen of a port alone
    }
    const auto colon = text.rfind(':');
    const auto bracket = text.rfind(']');
    if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
        const auto port = text.substr(colon + 1);
        name = text.substr(0, colon);
        if (port != "*") {
            host.port = port_from(port);
            if (!host.port) return std::nullopt;
            if (*host.port == 0) host.port.reset();
        }
    }
    if (name == "*" || net::same_ignoring_case(name, "_default_")) return host;
    if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
    // A zone, as of a link-local address, says which interface.
    const auto address = base::IpAddress::from_lenient_text(name.substr(0, name.find('%')));
    if (!address)
        host.name = net::ascii_lower(name);
    else if (!is_all_zero(*address))
        host.address = *address;
    return host;
}

std::string HostAddress::to_string() const {
    const auto host = address ? address->to_url_host() : name.empty() ? "*" : name;
    return port ? fmt::format("{}:{}", host, *port) : host;
}

std::string VirtualHost::label() const {
    const auto shown = server_name.empty() ? std::string("a virtual host without a name")
                                           : base::printable(server_name);
    return fmt::format("{} ({})", shown, opening.place());
}

bool VirtualHost::claims(std::string_view name) const {
    if (!server_name.empty() && server_name == name) return true;
    const std::string text(name);
    return std::ranges::any_of(aliases, [&](const std::string& alias) {
        // As httpd has them, * and ? alone are special, and a backslash is not.
        return alias.find_first_of("*?") == std::string::npos
                   ? alias == text
                   : alias.find_first_of("[\\") == std::string::npos &&
                         ::fnmatch(alias.c_str(), text.c_str(), FNM_NOESCAPE) == 0;
    });
}

const Statement* VirtualHost::last(std::string_view statement_name) const {
    return last_of(statements, statement_name);
}

const Statement* Configuration::last(std::string_view statement_name) const {
    return last_of(statements_, statement_name);
}

}  // namespace cairn::client::apache
