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
    ca::Charge::Effect effect;
    ca::Rate rate;

    /// The same under a rate that an operator has set.
    [[nodiscard]] Withdrawal under(const ca::Rate& other) const;
    /// What is taken where nothing refuses.
    [[nodiscard]] std::int64_t taken() const {
        return effect == ca::Charge::Effect::take ? cost : 0;
    }
    /// Whether it asks how much there is, and may refuse for that.
    [[nodiscard]] bool counts() const {
        return effect == ca::Charge::Effect::take || effect == ca::Charge::Effect::check;
    }
};

/// Throws std::invalid_argument if one of them cannot be carried out: a bucket named twice, a cost
/// above what a full bucket holds, a number out of range.
[[nodiscard]] std::vector<Withdrawal> withdrawals_of(std::span<const ca::Charge> charges);
/// The same charges where they only ask: what would be taken is checked, nothing is marked.
[[nodiscard]] ca::Charges asking(ca::Charges charges);

/// The decision for buckets with these `arrivals`, none of which is before `now`.
[[nodiscard]] ca::ChargeDecision decision_of(std::span<const Withdrawal> withdrawals,
                                             std::span<const Instant> arrivals, Instant now);

/// The effective arrival of a bucket with the stored `arrival`: not before `now`, and not after
/// that of an empty bucket, in case a clock that was ahead has stored it. An hour is tolerated for
/// nodes whose clocks differ.
[[nodiscard]] Instant possible_arrival(Instant arrival, const Withdrawal& withdrawal, Instant now);

/// How far a bucket's arrival goes back for a `cost` that was taken at `taken_at`: never further
/// than it would be if nothing had been taken, whoever took since.
[[nodiscard]] std::int64_t refund_of(std::int64_t cost, Instant taken_at, Instant now);

/// Buckets that have been full since before this time need not be stored. The hour is for nodes
/// whose clocks differ.
[[nodiscard]] Instant forgettable_before(Instant now);

/// How many of them go where `charges` buckets are asked: more than can be new.
[[nodiscard]] std::int64_t forgotten_with(std::size_t charges);

}  // namespace cairn::store
