#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dns/server_exchange.h"
#include "net/socket_address.h"

namespace cairn::client {

/// Asks one name server one question, as dns::ask_server does. Called from several threads.
using AskServer = std::function<base::Result<dns::Response, dns::ServerError>(
    const net::SocketAddress& server, std::string_view name, dns::RecordType type,
    dns::Recursion recursion)>;
/// Over the network.
[[nodiscard]] AskServer ask_over_network();

/// One server of a zone, at one of its addresses.
struct ZoneServer {
    std::string name;
    net::SocketAddress address;
    /// "ns1.example (192.0.2.1)".
    [[nodiscard]] std::string text() const;
};

/// Where a record belongs: at the end of all aliases, in the zone that has it.
struct RecordPlace {
    std::string name;
    std::string zone;
    std::vector<ZoneServer> servers;
};

/// The addresses of resolvers that the system is set up with (resolv.conf), at most three.
[[nodiscard]] std::vector<net::SocketAddress> system_resolvers(
    const std::string& file = "/etc/resolv.conf");

/// Finds where records belong. Thread-safe.
class RecordPlaces {
  public:
    struct Options {
        /// Asked in turn.
        std::vector<net::SocketAddress> resolvers;
        /// The provider's own server, which knows its zones best; none if the provider has none.
        std::optional<net::SocketAddress> authority{};
        /// Where the servers of zones listen, if not at 53.
        std::optional<std::uint16_t> port{};
    };
    RecordPlaces(Options options, AskServer ask);

    /// Where the TXT record of this name belongs: aliases (CNAME, DNAME) are followed, at most ten,
    /// and delegations down to the servers that answer with authority, so that nothing that a cache
    /// holds is believed, and no cache learns that the record is not there yet. Throws Failure.
    [[nodiscard]] RecordPlace find(const std::string& name) const;
    [[nodiscard]] const std::vector<net::SocketAddress>& resolvers() const {
        return options_.resolvers;
    }

  private:
    struct Step;
    [[nodiscard]] Step step(const std::string& name) const;
    [[nodiscard]] std::optional<Step> by_authority(const std::string& name) const;
    [[nodiscard]] Step descend(const std::string& name, std::string zone) const;
    [[nodiscard]] std::string zone_by_resolver(const std::string& name) const;
    /// Whether a wildcard, and no record of the name, makes it an alias: as soon as a TXT record is
    /// there, it is none.
    [[nodiscard]] bool is_of_wildcard(const net::SocketAddress& server, const std::string& name,
                                      const std::string& target) const;
    /// The zone of the name as a server with authority says of the names above it; empty if it does
    /// not say.
    [[nodiscard]] std::string zone_above(const net::SocketAddress& server,
                                         const std::string& name) const;
    [[nodiscard]] base::Result<dns::Response> resolve(std::string_view name,
                                                      dns::RecordType type) const;
    [[nodiscard]] std::vector<ZoneServer> servers_of(const std::string& zone) const;
    [[nodiscard]] std::vector<ZoneServer> servers_of(const std::string& zone,
                                                     const dns::Response& response) const;
    void add_addresses(std::vector<ZoneServer>& servers, const std::string& name,
                       const dns::Response* glue) const;
    [[nodiscard]] std::uint16_t port_of(const base::IpAddress& address) const;

    const Options options_;
    AskServer ask_;
};

/// Whether `name` is `zone` or below it.
[[nodiscard]] bool is_within(std::string_view name, std::string_view zone);

}  // namespace cairn::client
