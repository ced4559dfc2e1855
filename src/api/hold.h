#pragma once

#include "base/task.h"

namespace cairn::api {

/// A request is held for at most this time until what it asks for is settled.
inline constexpr base::Milliseconds longest_hold{1000};

}  // namespace cairn::api
