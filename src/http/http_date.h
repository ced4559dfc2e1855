#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace cairn::http {

/// "Sun, 06 Nov 1994 08:49:37 GMT" (IMF-fixdate, RFC 9110 section 5.6.7).
[[nodiscard]] std::string http_date(base::Time time);
/// Reads each of the three forms that recipients accept; nothing for any other text.
[[nodiscard]] std::optional<base::Time> parse_http_date(std::string_view value);

}  // namespace cairn::http
