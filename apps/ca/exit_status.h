#pragma once

namespace cairn::apps {

/// What the program ends with when it could not do what it was told.
inline constexpr int failed = 2;

}  // namespace cairn::apps
