#pragma once
// Private to the .cpp files of store.

#include <cstdint>
#include <span>
#include <vector>

#include "ca/facts/charge.h"

// A bucket is one number, its arrival: when it will be full, or a time in the past if it is. Taking
// `cost` moves the arrival by `cost` intervals, where an interval is the time in which one comes
// back (the "generic cell rate algorithm"). There are nanoseconds, so that the rounding of the
// interval does not show: a bucket that nobody took from yields its capacity exactly.
namespace cairn::store {

/// Nanoseconds since 1970.
using Instant = std::int64_t;

[[nodiscard]] Instant instant_of(base::Time time);

/// A `Charge` in nanoseconds.
struct Withdrawal {
    std::int64_t interval, cost, capacity;
};

/// Throws std::invalid_argument if one of them cannot be carried out: a bucket named twice, a cost
/// above the capacity, a number out of range.
[[nodiscard]] std::vector<Withdrawal> withdrawals_of(std::span<const ca::Charge> charges);

/// The decision for buckets with these `arrivals`, none of which is before `now`.
[[nodiscard]] ca::ChargeDecision decision_of(std::span<const Withdrawal> withdrawals,
                                             std::span<const Instant> arrivals, Instant now);

/// The effective arrival of a bucket with the stored `arrival`: not before `now`, and not after
/// that of an empty bucket, in case a clock that was ahead has stored it. An hour is tolerated for
/// nodes whose clocks differ.
[[nodiscard]] Instant possible_arrival(Instant arrival, const Withdrawal& withdrawal, Instant now);

/// Buckets that have been full since before this time need not be stored. The hour is for nodes
/// whose clocks differ.
[[nodiscard]] Instant forgettable_before(Instant now);

}  // namespace cairn::store
