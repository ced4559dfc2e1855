#include "va/egress_policy.h"

#include <algorithm>

namespace cairn::va {

AddressSpace EgressPolicy::space_of(const base::IpAddress& address) const {
    if (base::is_public(address)) return AddressSpace::open;
    const bool is_granted = std::ranges::any_of(
        allowed_networks_, [&](const auto& network) { return network.contains(address); });
    return is_granted ? AddressSpace::granted : AddressSpace::closed;
}

}  // namespace cairn::va
