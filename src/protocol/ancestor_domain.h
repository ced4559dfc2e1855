#pragma once

#include <vector>

#include "protocol/identifier.h"

namespace cairn::protocol {

/// Whether `identifier` is a domain name with `ancestor` as its end and at least one label more
/// (RFC 9444 section 2). A wildcard is below the name behind its "*.".
[[nodiscard]] bool is_below(const Identifier& identifier, const DnsName& ancestor);

/// All names that `identifier` is below, the nearest first; none of an address.
[[nodiscard]] std::vector<DnsName> ancestors_of(const Identifier& identifier);

}  // namespace cairn::protocol
