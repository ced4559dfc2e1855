#include <algorithm>

#include "store/sqlite/repository.h"
#include "store/token_bucket.h"

namespace cairn::store {
namespace {

using ca::Charge;

std::optional<ca::Rate> rate_at(Connection& connection, const std::string& key) {
    return connection.find(
        "SELECT count, period FROM limit_overrides WHERE key = ?",
        [](Columns& row) {
            const auto count = row.integer();
            return ca::Rate{count, base::Seconds(row.integer())};
        },
        key);
}

// The charges under the rates that are in force.
std::vector<Withdrawal> under_overrides(Connection& connection, std::span<const Charge> charges,
                                        std::span<const Withdrawal> withdrawals) {
    std::vector<Withdrawal> in_force(withdrawals.begin(), withdrawals.end());
    if (!connection.exists("SELECT 1 FROM limit_overrides")) return in_force;
    for (std::size_t i = 0; i < charges.size(); ++i) {
        for (const auto& key : charges[i].overrides) {
            const auto rate = rate_at(connection, key);
            if (rate) in_force[i] = withdrawals[i].under(*rate);
            if (rate) break;
        }
    }
    return in_force;
}

Instant stored_arrival(Connection& connection, const std::string& bucket, Instant now) {
    return connection
        .find(
            "SELECT arrival FROM counters WHERE bucket = ?",
            [](Columns& row) { return row.integer(); }, bucket)
        .value_or(now);
}

void put(Connection& connection, const std::string& bucket, Instant arrival) {
    connection.execute(
        "INSERT INTO counters (bucket, arrival) VALUES (?1, ?2)"
        " ON CONFLICT (bucket) DO UPDATE SET arrival = ?2",
        bucket, arrival);
}

// What an accepted charge does to its bucket.
void carry_out(Connection& connection, const Charge& charge, const Withdrawal& withdrawal,
               Instant arrival, Instant now) {
    switch (charge.effect) {
        case Charge::Effect::take:
            put(connection, charge.bucket, arrival + withdrawal.cost);
            break;
        case Charge::Effect::mark:
            put(connection, charge.bucket,
                std::max(arrival, now + instant_of(base::Time(charge.period))));
            break;
        case Charge::Effect::clear:
            connection.execute("DELETE FROM counters WHERE bucket = ?", charge.bucket);
            break;
        case Charge::Effect::check:
        case Charge::Effect::bar:
            break;
    }
}

}  // namespace

Taking take(Connection& connection, std::span<const Charge> charges,
            std::span<const Withdrawal> withdrawals, Instant now) {
    if (charges.empty()) return {};
    const auto in_force = under_overrides(connection, charges, withdrawals);
    std::vector<Instant> arrivals;
    for (std::size_t i = 0; i < charges.size(); ++i) {
        const auto stored = stored_arrival(connection, charges[i].bucket, now);
        arrivals.push_back(possible_arrival(stored, in_force[i], now));
        if (arrivals.back() < stored && charges[i].effect == Charge::Effect::take)
            put(connection, charges[i].bucket, arrivals.back());
    }
    Taking taking{.decision = decision_of(in_force, arrivals, now), .taken = {}};
    if (!taking.decision.accepted) return taking;
    for (std::size_t i = 0; i < charges.size(); ++i) {
        carry_out(connection, charges[i], in_force[i], arrivals[i], now);
        if (in_force[i].taken() > 0)
            taking.taken.push_back({charges[i].bucket, in_force[i].taken()});
    }
    // A bucket that has been full for long is as good as none.
    connection.execute(
        "DELETE FROM counters WHERE bucket IN"
        " (SELECT bucket FROM counters WHERE arrival < ? ORDER BY arrival LIMIT ?)",
        forgettable_before(now), forgotten_with(charges.size()));
    return taking;
}

void give_back(Connection& connection, std::span<const TakenFrom> taken, Instant taken_at,
               Instant now) {
    for (const auto& [bucket, cost] : taken)
        connection.execute("UPDATE counters SET arrival = arrival - ? WHERE bucket = ?",
                           refund_of(cost, taken_at, now), bucket);
}

base::Task<ca::ChargeDecision> SqliteRepository::charge(ca::Charges charges, base::Time now) {
    const auto withdrawals = withdrawals_of(charges);
    auto step = [&](Connection& connection) {
        return take(connection, charges, withdrawals, instant_of(now)).decision;
    };
    co_return co_await writer_.run(step);
}

base::Task<ca::ChargeDecision> SqliteRepository::look(ca::Charges charges, base::Time now) {
    const auto asked = asking(std::move(charges));
    const auto withdrawals = withdrawals_of(asked);
    if (asked.empty()) co_return ca::ChargeDecision();
    co_return readers_.read([&](Connection& connection) {
        const Snapshot snapshot(connection);
        const auto in_force = under_overrides(connection, asked, withdrawals);
        std::vector<Instant> arrivals;
        for (std::size_t i = 0; i < asked.size(); ++i)
            arrivals.push_back(
                possible_arrival(stored_arrival(connection, asked[i].bucket, instant_of(now)),
                                 in_force[i], instant_of(now)));
        return decision_of(in_force, arrivals, instant_of(now));
    });
}

base::Task<bool> SqliteRepository::reset_bucket(std::string bucket) {
    auto step = [&](Connection& connection) {
        return connection.execute("DELETE FROM counters WHERE bucket = ?", bucket) == 1;
    };
    co_return co_await writer_.run(step);
}

base::Task<void> SqliteRepository::set_limit_override(ca::LimitOverride wanted) {
    auto step = [&](Connection& connection) {
        connection.execute(
            "INSERT INTO limit_overrides (key, count, period) VALUES (?1, ?2, ?3)"
            " ON CONFLICT (key) DO UPDATE SET count = ?2, period = ?3",
            wanted.key, wanted.rate.count, std::int64_t{wanted.rate.period.count()});
    };
    co_await writer_.run(step);
}

base::Task<bool> SqliteRepository::remove_limit_override(std::string key) {
    auto step = [&](Connection& connection) {
        return connection.execute("DELETE FROM limit_overrides WHERE key = ?", key) == 1;
    };
    co_return co_await writer_.run(step);
}

base::Task<std::vector<ca::LimitOverride>> SqliteRepository::list_limit_overrides(
    std::string after, std::size_t limit) {
    co_return readers_.read([&](Connection& connection) {
        return connection.list(
            "SELECT key, count, period FROM limit_overrides WHERE key > ? ORDER BY key LIMIT ?",
            [](Columns& row) {
                ca::LimitOverride found{.key = std::string(row.text()), .rate = {}};
                found.rate.count = row.integer();
                found.rate.period = base::Seconds(row.integer());
                return found;
            },
            after, static_cast<std::int64_t>(limit));
    });
}

}  // namespace cairn::store
