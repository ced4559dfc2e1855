#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace cairn::http {

/// No server makes a client wait for longer than this; longer is cut.
inline constexpr base::Seconds longest_retry_after = std::chrono::days{1};

/// How long a Retry-After field asks to wait from `now` on: a number of seconds, or an HTTP date in
/// any of its three forms (RFC 9110 sections 5.6.7 and 10.2.3). A date in the past is zero; what is
/// neither is nothing.
[[nodiscard]] std::optional<base::Seconds> parse_retry_after(std::string_view value,
                                                             base::Time now);

}  // namespace cairn::http
