#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/nginx/configuration.h"

namespace cairn::client::nginx {

/// An address and port at which one or more servers listen: nginx chooses among these by name.
struct Socket {
    ListenHost host;
    std::uint16_t port = 0;
    bool is_tls = false;
    bool speaks_proxy_protocol = false;
    /// Numbers of servers in `Configuration::servers`, in the order of the configuration.
    std::vector<std::size_t> servers;
    /// The one of them that answers where no name matches.
    std::size_t default_server = 0;

    /// "[::]:80".
    [[nodiscard]] std::string to_string() const { return listen_text(host, port); }
};

/// The sockets at this port, each once. Those of Unix are at none, and those of QUIC, whose servers
/// listen for TLS beside it, are left out.
[[nodiscard]] std::vector<Socket> sockets_at(const Configuration& configuration,
                                             std::uint16_t port);
/// The sockets of all ports that speak TLS.
[[nodiscard]] std::vector<Socket> tls_sockets(const Configuration& configuration);

/// Which server answers, and why.
struct ServerChoice {
    std::size_t server = 0;
    /// None: it is the default.
    NameMatch match = NameMatch::none;
};

/// The server that answers for `host` (in lower case; a wildcard stands for what is below it) at
/// this socket. The error is of an expression that cannot be read.
[[nodiscard]] base::Result<ServerChoice> choose_server(const Configuration& configuration,
                                                       const Socket& socket, std::string_view host);

}  // namespace cairn::client::nginx
