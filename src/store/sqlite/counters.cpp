#include <algorithm>

#include "store/sqlite/repository.h"
#include "store/token_bucket.h"

namespace cairn::store {

base::Task<ca::ChargeDecision> SqliteRepository::charge(std::vector<ca::Charge> charges,
                                                        base::Time now) {
    const auto withdrawals = withdrawals_of(charges);
    const auto present = instant_of(now);
    auto step = [&](Connection& connection) {
        std::vector<Instant> arrivals;
        for (std::size_t i = 0; i < charges.size(); ++i) {
            const auto stored =
                connection
                    .find(
                        "SELECT arrival FROM counters WHERE bucket = ?",
                        [](Columns& row) { return row.integer(); }, charges[i].bucket)
                    .value_or(present);
            arrivals.push_back(possible_arrival(stored, withdrawals[i], present));
            if (arrivals.back() < stored)
                connection.execute("UPDATE counters SET arrival = ? WHERE bucket = ?",
                                   arrivals.back(), charges[i].bucket);
        }
        auto decision = decision_of(withdrawals, arrivals, present);
        if (!decision.accepted) return decision;
        for (std::size_t i = 0; i < charges.size(); ++i) {
            connection.execute(
                "INSERT INTO counters (bucket, arrival) VALUES (?1, ?2)"
                " ON CONFLICT (bucket) DO UPDATE SET arrival = ?2",
                charges[i].bucket, arrivals[i] + withdrawals[i].cost);
        }
        // A bucket that has been full for long is as good as none.
        connection.execute(
            "DELETE FROM counters WHERE bucket IN"
            " (SELECT bucket FROM counters WHERE arrival < ? ORDER BY arrival LIMIT 2)",
            forgettable_before(present));
        return decision;
    };
    co_return co_await writer_.run(step);
}

}  // namespace cairn::store
