#include <algorithm>

#include "store/sqlite_repository.h"
#include "store/token_bucket.h"

namespace cairn::store {

base::Task<ca::Spending> SqliteRepository::spend(std::vector<ca::Spend> spends, base::Time now) {
    const auto withdrawals = withdrawals_of(spends);
    const auto present = instant_of(now);
    auto step = [&](Connection& connection) {
        std::vector<Instant> arrivals;
        for (std::size_t i = 0; i < spends.size(); ++i) {
            const auto stored =
                connection
                    .find(
                        "SELECT arrival FROM counters WHERE bucket = ?",
                        [](Columns& row) { return row.integer(); }, spends[i].bucket)
                    .value_or(present);
            arrivals.push_back(possible_arrival(stored, withdrawals[i], present));
            if (arrivals.back() < stored)
                connection.execute("UPDATE counters SET arrival = ? WHERE bucket = ?",
                                   arrivals.back(), spends[i].bucket);
        }
        auto spending = spending_of(withdrawals, arrivals, present);
        if (!spending.accepted) return spending;
        for (std::size_t i = 0; i < spends.size(); ++i) {
            connection.execute(
                "INSERT INTO counters (bucket, arrival) VALUES (?1, ?2)"
                " ON CONFLICT (bucket) DO UPDATE SET arrival = ?2",
                spends[i].bucket, arrivals[i] + withdrawals[i].cost);
        }
        // A bucket that has been full for long is as good as none.
        connection.execute(
            "DELETE FROM counters WHERE bucket IN"
            " (SELECT bucket FROM counters WHERE arrival < ? ORDER BY arrival LIMIT 2)",
            forgettable_before(present));
        return spending;
    };
    co_return co_await writer_.run(step);
}

}  // namespace cairn::store
