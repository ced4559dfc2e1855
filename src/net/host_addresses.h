#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

namespace cairn::net {

/// The addresses that this system has for a host, as every program on it finds them (/etc/hosts,
/// the resolvers of /etc/resolv.conf); for an address, that one. The system's resolver may take
/// minutes where its servers are silent; what it finds after `patience` is dropped. The error says
/// why there are none.
[[nodiscard]] base::Result<std::vector<base::IpAddress>> addresses_of_host(
    const std::string& host, std::chrono::milliseconds patience);

}  // namespace cairn::net
