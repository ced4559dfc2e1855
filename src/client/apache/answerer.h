#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "client/apache/configuration.h"
#include "net/socket_address.h"

namespace cairn::client::apache {

/// Who answers a name at one of the places where connections to a port come in.
struct Answerer {
    /// Null: the main server, outside of virtual hosts.
    const VirtualHost* host = nullptr;
    /// It has the name; else it answers as the first of its address, or as the only one.
    bool has_name = false;
    /// Where it can be reached from this machine.
    net::SocketAddress reached_at;
};

/// Who answers `name` (a host name or an address) at `port`, as httpd chooses (server/vhost.c): by
/// the address that a connection comes in at, one with just this address and port before one with
/// any port, these before those of any address; among them the first that has the name, else the
/// first. One for each place; none if the server does not listen at the port. A virtual host with a
/// name in place of an address is looked up by nobody here: connections reach it at none.
[[nodiscard]] std::vector<Answerer> answerers(const Configuration& configuration,
                                              std::string_view name, std::uint16_t port);

/// True if the server listens at this port, at any address.
[[nodiscard]] bool listens_at(const Configuration& configuration, std::uint16_t port);

}  // namespace cairn::client::apache
