#pragma once

#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

namespace cairn::net {

/// The addresses that this system has for a host, as every program on it finds them (/etc/hosts,
/// the resolvers of /etc/resolv.conf); for an address, that one. Blocks as long as the system's
/// resolver does. The error says why there are none.
[[nodiscard]] base::Result<std::vector<base::IpAddress>> addresses_of_host(const std::string& host);

}  // namespace cairn::net
