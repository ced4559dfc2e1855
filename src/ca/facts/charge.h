#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace cairn::ca {

/// What is to be taken from a bucket that holds `capacity` and fills evenly within `period`.
struct Charge {
    std::string bucket;  ///< its name; at most 200 octets
    std::int64_t capacity;
    base::Seconds period;
    std::int64_t cost = 1;  ///< at most `capacity`
};

/// How it went.
struct ChargeDecision {
    bool accepted = false;
    /// Where nothing was taken: the bucket (its place in the list) that refuses longest, and when
    /// it will hold enough, if nobody else takes from it.
    std::optional<std::size_t> refused_by;
    base::Time retry_at{};
    /// What each bucket holds now.
    std::vector<std::int64_t> remaining;
};

}  // namespace cairn::ca
