#pragma once
// Private to va: the addresses of this machine.

#include "base/ip_address.h"

namespace cairn::va {

/// Whether this machine has an address of IPv6; true if that cannot be found out.
[[nodiscard]] bool has_ipv6();

/// Whether connecting to the address comes back to this machine: one of its interfaces has it, or
/// it is in 127.0.0.0/8. True if that cannot be found out.
[[nodiscard]] bool is_of_this_machine(const base::IpAddress& address);

}  // namespace cairn::va
