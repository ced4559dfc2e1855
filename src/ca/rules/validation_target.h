#pragma once

#include <string>

#include "protocol/identifier.h"

namespace cairn::ca {

/// Whom the validation of an identifier burdens: all names of a registered domain are one, and all
/// addresses of a network (IPv4 /24, IPv6 /48).
[[nodiscard]] std::string validation_target(const protocol::Identifier& identifier);

}  // namespace cairn::ca
