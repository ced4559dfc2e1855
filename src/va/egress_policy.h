#pragma once

#include <cstdint>
#include <vector>

#include "base/ip_address.h"

namespace cairn::va {

/// Where validation may connect to: public addresses, and what the operator allows besides
/// (RFC 8555 section 10.4).
class EgressPolicy {
  public:
    EgressPolicy(std::vector<base::IpNetwork> allowed_networks)
        : allowed_networks_(std::move(allowed_networks)) {}
    [[nodiscard]] bool allows(const base::IpAddress& address) const;

  private:
    std::vector<base::IpNetwork> allowed_networks_;
};

}  // namespace cairn::va
