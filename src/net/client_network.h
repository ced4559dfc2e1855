#pragma once

#include "base/ip_address.h"

namespace cairn::net {

/// The IPv4 address that an IPv6 address stands for (::ffff:a.b.c.d), or the address itself.
[[nodiscard]] base::IpAddress unmapped(const base::IpAddress& address);

/// Whose address it is, as far as that can be told: whoever has one IPv6 address has the 2^64 of
/// its /64. The address of that network, or the IPv4 address itself.
[[nodiscard]] base::IpAddress client_network(const base::IpAddress& address);

}  // namespace cairn::net
