#pragma once
// Private to the .cpp files of store.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ca/facts/charge.h"
#include "store/postgres/values.h"
#include "store/token_bucket.h"

namespace cairn::store {

/// Charges as the database's function `settle` takes them behind its first argument.
struct ChargeLists {
    /// Throws what `withdrawals_of` throws.
    ChargeLists(std::span<const ca::Charge> charges, base::Time now);

    /// What comes of it where `settle` answered `state`; none: the buckets were not asked.
    [[nodiscard]] ca::ChargeDecision decision(
        const std::optional<std::vector<Instant>>& state) const;

    /// How many parameters they are.
    static constexpr int parameter_count = 8;
    /// The names of the parameters, the first of which is number `first`: "$8, $9, ...".
    [[nodiscard]] static std::string placeholders(int first);
    /// Adds these parameters.
    void add_to(Parameters& parameters) const;

    std::vector<Withdrawal> withdrawals;
    std::vector<std::string> buckets;
    /// The keys of each charge's overrides, one in a line.
    std::vector<std::string> overrides;
    /// Numbers of effects; intervals, costs and capacities in nanoseconds.
    std::vector<std::int64_t> effects, intervals, costs, capacities;
    Instant present, forget_before;
};

}  // namespace cairn::store
