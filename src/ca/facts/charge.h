#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace cairn::ca {

/// What is to be taken from a token bucket that holds `capacity` and fills evenly within `period`.
struct Charge {
    std::string bucket;  ///< its name; at most 200 octets
    std::int64_t capacity;
    base::Seconds period;
    std::int64_t cost = 1;  ///< at most `capacity`
};

/// What a call that carries charges takes, from all of these buckets or from none.
using Charges = std::vector<Charge>;

/// How a list of charges was decided. An empty list is accepted.
struct ChargeDecision {
    bool accepted = true;
    /// Where nothing was taken: the bucket (its place in the list) that refuses longest, and when
    /// it will hold enough, if nobody else takes from it.
    std::optional<std::size_t> refused_by{};
    base::Time retry_at{};
    /// What each bucket holds now. Empty where nothing was asked for, and where the charges are
    /// known to have been taken but the database's answer that told the rest was lost.
    std::vector<std::int64_t> remaining{};
};

}  // namespace cairn::ca
