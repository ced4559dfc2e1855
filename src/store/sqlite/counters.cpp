#include "store/sqlite/repository.h"
#include "store/token_bucket.h"

namespace cairn::store {

ca::ChargeDecision take(Connection& connection, std::span<const ca::Charge> charges,
                        std::span<const Withdrawal> withdrawals, Instant now) {
    if (charges.empty()) return {};
    std::vector<Instant> arrivals;
    for (std::size_t i = 0; i < charges.size(); ++i) {
        const auto stored = connection
                                .find(
                                    "SELECT arrival FROM counters WHERE bucket = ?",
                                    [](Columns& row) { return row.integer(); }, charges[i].bucket)
                                .value_or(now);
        arrivals.push_back(possible_arrival(stored, withdrawals[i], now));
        if (arrivals.back() < stored)
            connection.execute("UPDATE counters SET arrival = ? WHERE bucket = ?", arrivals.back(),
                               charges[i].bucket);
    }
    auto decision = decision_of(withdrawals, arrivals, now);
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
        forgettable_before(now));
    return decision;
}

base::Task<ca::ChargeDecision> SqliteRepository::charge(ca::Charges charges, base::Time now) {
    const auto withdrawals = withdrawals_of(charges);
    auto step = [&](Connection& connection) {
        return take(connection, charges, withdrawals, instant_of(now));
    };
    co_return co_await writer_.run(step);
}

base::Task<bool> SqliteRepository::reset_bucket(std::string bucket) {
    auto step = [&](Connection& connection) {
        return connection.execute("DELETE FROM counters WHERE bucket = ?", bucket) == 1;
    };
    co_return co_await writer_.run(step);
}

}  // namespace cairn::store
