#pragma once

#include <chrono>

#include "base/clock.h"

namespace cairn::api {

/// Caches ask again after this time, so that they soon hear of a revocation.
inline constexpr base::Seconds longest_cached{std::chrono::hours(1)};

}  // namespace cairn::api
