#pragma once

#include <cstddef>
#include <functional>

namespace cairn::client {

/// Calls `work` once for each number below `count`, up to `limit` calls at a
/// time, each in a thread of its own unless there is but one. Returns when all
/// calls have ended. If one throws, no further ones are begun, and what the one
/// with the lowest number threw is thrown.
void side_by_side(std::size_t count, std::size_t limit,
                  const std::function<void(std::size_t)>& work);

}  // namespace cairn::client
