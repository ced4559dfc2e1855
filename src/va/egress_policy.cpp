#include "va/egress_policy.h"

#include <algorithm>

namespace cairn::va {

bool EgressPolicy::allows(const base::IpAddress& address) const {
    return base::is_public(address) ||
           std::ranges::any_of(allowed_networks_,
                               [&](const auto& network) { return network.contains(address); });
}

}  // namespace cairn::va
