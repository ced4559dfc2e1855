#pragma once

#include <string>

#include "protocol/identifier.h"

namespace cairn::ca {

/// The target that bears the load of a validation: the registered domain of a name, or the network
/// of an address (IPv4 /24, IPv6 /48).
[[nodiscard]] std::string validation_target(const protocol::Identifier& identifier);

}  // namespace cairn::ca
