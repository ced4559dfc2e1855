#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace cairn::base {

/// "90d", "12h", "30m", "45s": a positive whole number, at most a million, and a unit.
[[nodiscard]] Result<Seconds> duration_from(std::string_view text);
/// The same text in the largest unit that divides it: "7d", "3h", "90s".
[[nodiscard]] std::string duration_text(Seconds duration);

}  // namespace cairn::base
