#include "bench/goals.h"

#include <algorithm>

#include <fmt/format.h>

namespace cairn::bench {

namespace {

constexpr std::size_t goal_clients = 32;
constexpr double goal_connections = 10000;
constexpr std::size_t goal_orders = 100000;
/// What Pebble takes on the machine that the goals come from, in V: where neighbours slow down all
/// but bare arithmetic, Pebble's work is slowed down too.
constexpr double pebble_kept = 50, pebble_fresh = 62;

template <class Value>
std::optional<double> value_of(const Measurement* measurement, Value value) {
    if (measurement == nullptr || !measurement->complete) return std::nullopt;
    return value(*measurement);
}

// How much more memory at the end than when two thirds of the orders were done.
double growth(const Measurement& measurement) {
    const auto& samples = measurement.memory;
    if (samples.size() < 3) return 0;
    return samples.back().mebibytes - samples[samples.size() * 2 / 3].mebibytes;
}

}  // namespace

Verdict verdict(const Goal& goal) {
    if (!goal.measured) return Verdict::not_measured;
    if (*goal.measured <= goal.goal) return Verdict::reached;
    return *goal.measured <= goal.bound ? Verdict::within_bound : Verdict::missed;
}

std::string to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::reached:
            return "reached";
        case Verdict::within_bound:
            return "within the bound";
        case Verdict::missed:
            return "**missed**";
        case Verdict::not_measured:
            return "not measured";
    }
    return {};
}

std::vector<Goal> goals_of(const Findings& findings) {
    const auto find = [&findings](Scenario scenario) {
        return find_measurement(findings.measurements, scenario);
    };
    const auto* kept = find({.clients = goal_clients});
    const auto* fresh = find({.connections = Connections::fresh, .clients = goal_clients});
    const auto* shared = find({.server = ServerKind::cairn_postgresql, .clients = goal_clients});
    const auto* alone = find({.clients = 1});
    const auto longest = std::ranges::find_if(findings.measurements, [](const Measurement& each) {
        return each.scenario.server == ServerKind::cairn_embedded &&
               each.latencies.size() >= goal_orders;
    });
    const auto* enduring = longest == findings.measurements.end() ? nullptr : &*longest;

    const auto filled_over = [&findings](const Measurement* empty) -> std::optional<double> {
        if (empty == nullptr) return std::nullopt;
        const auto* const filled = find_measurement(findings.filled, empty->scenario);
        if (filled == nullptr || !filled->complete || !empty->complete) return std::nullopt;
        return filled->units() / empty->units();
    };

    std::optional<double> idle;
    std::string idle_name = "10,000 idle connections: memory";
    if (findings.idle && findings.idle->connections > 0) {
        const auto count = static_cast<double>(findings.idle->connections);
        idle = findings.idle->mebibytes_more * goal_connections / count;
        if (count < goal_connections)
            idle_name += fmt::format(" (from {} connections)", findings.idle->connections);
    }

    const auto units = [](const Measurement& m) { return m.units(); };
    const auto meanwhile = [](const Measurement* m) -> std::optional<double> {
        if (m == nullptr || m->verification_meanwhile <= 0) return std::nullopt;
        return value_of(m, [](const Measurement& each) { return each.units_meanwhile(); });
    };
    const auto over_pebble = [&find](const Measurement* m) -> std::optional<double> {
        if (m == nullptr || !m->complete) return std::nullopt;
        auto scenario = m->scenario;
        scenario.server = ServerKind::pebble;
        return value_of(find(scenario),
                        [m](const Measurement& pebble) { return m->units() / pebble.units(); });
    };
    return {
        {"embedded store, 32 clients, kept connections", "V", 10, 15, value_of(kept, units)},
        {"embedded store, 32 clients, kept connections (meanwhile)", "V", 10, 15, meanwhile(kept)},
        {"embedded store, 32 clients, kept connections (over Pebble)", "x", 10 / pebble_kept,
         15 / pebble_kept, over_pebble(kept)},
        {"embedded store, 32 clients, fresh connections", "V", 16, 24, value_of(fresh, units)},
        {"embedded store, 32 clients, fresh connections (meanwhile)", "V", 16, 24,
         meanwhile(fresh)},
        {"embedded store, 32 clients, fresh connections (over Pebble)", "x", 16 / pebble_fresh,
         24 / pebble_fresh, over_pebble(fresh)},
        {"PostgreSQL, the CA's process, kept connections", "V", 12, 18, value_of(shared, units)},
        {"PostgreSQL, the CA's process, kept connections (meanwhile)", "V", 12, 18,
         meanwhile(shared)},
        {"PostgreSQL, the CA's process, kept connections (over Pebble)", "x", 12 / pebble_kept,
         18 / pebble_kept, over_pebble(shared)},
        {"fdatasync per certificate, embedded store, 32 clients", "", 0.3, 1,
         value_of(kept, [](const Measurement& m) { return m.syncs_each(); })},
        {"written per certificate, embedded store", "KiB", 12, 40,
         value_of(kept, [](const Measurement& m) { return m.kibibytes_each(); })},
        {"order latency with one client, p50", "ms", 4, 10,
         value_of(alone, [](const Measurement& m) { return m.latency(0.5); })},
        {"order latency with one client, p99", "ms", 10, 30,
         value_of(alone, [](const Measurement& m) { return m.latency(0.99); })},
        {"resident memory after 100,000 orders", "MiB", 60, 120,
         value_of(enduring, [](const Measurement& m) { return m.resident_mebibytes; })},
        {"growth over the last third of these (1 MiB is taken for none)", "MiB", 1, 1,
         value_of(enduring, growth)},
        {idle_name, "MiB", 200, 400, idle},
        {std::string("start of `cairn-ca serve` to ready, ") +
             (findings.started_filled ? "filled" : "empty") + " store",
         "s", 0.3, 2, findings.serve_start_seconds},
        {"`cairn` start-up to its first connection", "ms", 5, 20,
         findings.client_start_milliseconds},
        {"V with a filled store (`--filled-store`; the goal is for ten million) over V with none",
         "x", 1.05, 1.2, filled_over(kept)},
        {"V with a filled PostgreSQL (`--filled-postgresql`) over V with none", "x", 1.05, 1.2,
         filled_over(shared)},
    };
}

}  // namespace cairn::bench
