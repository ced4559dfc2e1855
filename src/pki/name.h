#pragma once
// Private to pki: distinguished names (RFC 5280 section 4.1.2.4).

#include <string_view>
#include <vector>

#include "asn1/der.h"

namespace cairn::pki {

/// Reads a Name and gives the values of its common names, in order.
[[nodiscard]] std::vector<asn1::Element> read_common_names(asn1::Reader& reader,
                                                           std::string_view what);

/// Writes a Name of an organization and a common name; what is empty is left out.
void write_name(asn1::Writer& writer, std::string_view organization, std::string_view common_name);

}  // namespace cairn::pki
