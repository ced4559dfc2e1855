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

/// Charges as the database's functions `spend` and `spend_if` take them, each list a parameter.
struct ChargeLists {
    /// Throws what `withdrawals_of` throws.
    ChargeLists(std::span<const ca::Charge> charges, base::Time now);

    /// What comes of it where the buckets arrived at `arrivals`, as the functions tell; none: they
    /// were not asked.
    [[nodiscard]] ca::ChargeDecision decision(
        const std::optional<std::vector<Instant>>& arrivals) const;

    /// Adds what the functions take, in their order: five parameters.
    void add_to(Parameters& parameters) const;

    std::vector<Withdrawal> withdrawals;
    std::vector<std::string> buckets;
    std::vector<std::int64_t> costs, capacities;
    Instant present, forget_before;
};

}  // namespace cairn::store
