#pragma once

#include "base/ip_address.h"

namespace cairn::net {

/// The IPv4 address that an IPv6 address stands for (::ffff:a.b.c.d), or the address itself.
[[nodiscard]] base::IpAddress unmapped(const base::IpAddress& address);

/// The network of one client: an IPv4 address itself, or the /64 of an IPv6 address, since who has
/// one of its addresses usually has all 2^64.
[[nodiscard]] base::IpAddress client_network(const base::IpAddress& address);

}  // namespace cairn::net
