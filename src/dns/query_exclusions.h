#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/ip_address.h"

namespace cairn::dns {

/// The networks whose name servers a resolver does not ask, wherever a delegation leads, as
/// "address/prefix": all that is not global unicast (as base::is_public), so that no zone on the
/// public Internet directs our queries into our own network; without `allowed`, and without the
/// addresses in `servers`, which the operator names himself. Pure.
[[nodiscard]] std::vector<std::string> networks_not_to_ask(
    std::span<const base::IpNetwork> allowed, std::span<const base::IpAddress> servers);

}  // namespace cairn::dns
