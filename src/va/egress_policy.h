#pragma once

#include <cstdint>
#include <vector>

#include "base/ip_address.h"

namespace cairn::va {

/// Who may be validated at an address.
enum class AddressSpace {
    open,     ///< public: anybody
    granted,  ///< only where the operator allows it
    closed,   ///< nobody
};

/// Where validation may connect to: public addresses, and those that the operator allows in
/// addition (RFC 8555 section 10.4).
class EgressPolicy {
  public:
    EgressPolicy(std::vector<base::IpNetwork> allowed_networks)
        : allowed_networks_(std::move(allowed_networks)) {}
    [[nodiscard]] AddressSpace space_of(const base::IpAddress& address) const;
    [[nodiscard]] bool allows(const base::IpAddress& address) const {
        return space_of(address) != AddressSpace::closed;
    }

  private:
    std::vector<base::IpNetwork> allowed_networks_;
};

}  // namespace cairn::va
