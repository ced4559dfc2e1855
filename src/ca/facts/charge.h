#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace cairn::ca {

/// How fast a token bucket fills: with `count` tokens in each `period`, evenly.
struct Rate {
    std::int64_t count;  ///< from 1 to 10^9
    base::Seconds period;
    friend bool operator==(const Rate&, const Rate&) = default;
};

/// What is to be asked of a token bucket that fills with `capacity` tokens within `period`.
struct Charge {
    std::string bucket;  ///< its name; at most 200 octets
    std::int64_t capacity;
    base::Seconds period;
    std::int64_t cost = 1;  ///< at most what the bucket holds when it is full
    enum class Effect {
        take,   ///< refuses where it holds less than `cost`, else takes that
        check,  ///< refuses where it holds less than `cost`; takes nothing
        bar,    ///< refuses while the bucket is not full: it is a mark that somebody has set
        mark,   ///< refuses nothing; the bucket is not full before `period` is over
        clear,  ///< refuses nothing; the bucket is full afterwards
    };
    Effect effect = Effect::take;
    /// How much a full bucket holds; 0: `capacity`.
    std::int64_t burst = 0;
    /// Under which keys another rate may be kept for this bucket (LimitOverride); the first one
    /// counts. A full bucket then holds the count of that rate.
    std::vector<std::string> overrides{};
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
    /// What each bucket holds now; of a mark that is set, or was only to be set or cleared, 0.
    /// Empty where nothing was asked for, and where the charges are known to have been taken but
    /// the database's answer that told the rest was lost.
    std::vector<std::int64_t> remaining{};
    /// The rate of each bucket, overrides considered; as long as `remaining`.
    std::vector<Rate> rates{};
};

/// A rate that an operator has set for one account, domain or network, in the place of the
/// configuration's.
struct LimitOverride {
    std::string key;  ///< as `Charge::overrides` names it; at most 300 octets, no line feed
    Rate rate;
    friend bool operator==(const LimitOverride&, const LimitOverride&) = default;
};

}  // namespace cairn::ca
