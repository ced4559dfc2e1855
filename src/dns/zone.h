#pragma once

#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "base/task.h"
#include "dns/resolver.h"

namespace cairn::dns {

/// A server that a zone is delegated to.
struct NameServer {
    std::string name;  ///< lower case, without final dot
    std::vector<base::IpAddress> addresses{};
    /// Why there are no addresses; empty if there are some.
    std::string fault{};
};

/// The part of the DNS that a name belongs to.
struct Zone {
    std::string apex;  ///< lower case, without final dot
    std::vector<NameServer> servers{};
};

/// Name servers of a zone that are looked at; a zone has seldom more than eight.
inline constexpr std::size_t max_name_servers = 16;
/// Labels of a name above which no zone is looked for.
inline constexpr std::size_t max_zone_climb = 20;

/// The zone that `name` is in, whether or not the name exists: the nearest name from it upwards
/// that has a SOA record of its own (RFC 1035 section 2.3.1, RFC 2181 section 6), and the addresses
/// of all its servers, as `resolver` sees them. The error says which look-up failed, or that no
/// zone was found.
[[nodiscard]] base::Task<base::Result<Zone>> find_zone(Resolver& resolver, std::string name,
                                                       Resolver::Deadline deadline);

/// `name` without its first label; empty for a name of one.
[[nodiscard]] std::string parent_of(std::string_view name);

}  // namespace cairn::dns
