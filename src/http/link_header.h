#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::http {

/// Most links that are read from one reply.
inline constexpr std::size_t max_links = 20;

/// The targets of all links of relation `relation` in these Link fields (RFC 8288 section 3), as
/// they stand, possibly relative. What is not a link ends the reading of its field.
[[nodiscard]] std::vector<std::string> links_with_relation(std::span<const std::string_view> fields,
                                                           std::string_view relation);

}  // namespace cairn::http
