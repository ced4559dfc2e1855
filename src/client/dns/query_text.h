#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cairn::client {

/// All but letters, digits and - . _ ~ as %XX (RFC 3986 section 2.1), as AWS wants it too.
[[nodiscard]] std::string percent_encoded(std::string_view text);
/// "a=1&b=2", each part encoded so, in the order given.
[[nodiscard]] std::string query_text(
    const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace cairn::client
