#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "client/nginx/syntax_tree.h"

namespace cairn::client::nginx {

/// An address that nginx listens on, without its port.
struct ListenHost {
    enum class Kind { ipv4, ipv6, name, unix_socket };
    Kind kind = Kind::ipv4;
    /// "0.0.0.0", "::1", "localhost", or the path of a Unix socket.
    std::string text = "0.0.0.0";
    friend auto operator<=>(const ListenHost&, const ListenHost&) = default;

    /// True for all addresses of IPv4 or IPv6.
    [[nodiscard]] bool is_everywhere() const {
        return (kind == Kind::ipv4 && text == "0.0.0.0") || (kind == Kind::ipv6 && text == "::");
    }
    /// Where a program of this machine reaches it: "127.0.0.1" for every address. Empty for a Unix
    /// socket.
    [[nodiscard]] std::string reachable_at() const;
};

/// A `listen` directive of a server of `http` or `stream`.
struct ListenAddress {
    ListenHost host;
    /// The same unless a range is said; 0 for a Unix socket.
    std::uint16_t first_port = 80, last_port = 80;
    bool is_default = false;
    bool is_tls = false;
    bool is_quic = false;
    bool speaks_proxy_protocol = false;
    /// `ipv6only=`, if it is said.
    std::optional<bool> ipv6_only{};

    /// "8080", "*:80", "127.0.0.1", "[::]:443 ssl", "localhost:80", "127.0.0.1:8000-8010",
    /// "unix:/run/web.sock". Parameters that do not matter here are passed over, as nginx itself
    /// judges them.
    [[nodiscard]] static base::Result<ListenAddress> from(const Directive& directive);
    [[nodiscard]] bool covers(std::uint16_t port) const {
        return host.kind != ListenHost::Kind::unix_socket && first_port <= port &&
               port <= last_port;
    }
};

/// As the first parameter of `listen` says it: "443", "192.0.2.1:443", "[::]:443".
[[nodiscard]] std::string listen_text(const ListenHost& host, std::uint16_t port);

}  // namespace cairn::client::nginx
