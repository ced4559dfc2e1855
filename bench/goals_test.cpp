#include "bench/goals.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace cairn::bench {
namespace {

TEST(Verdict, ComparesWithGoalAndBound) {
    Goal goal{.figure = "f", .unit = "V", .goal = 10, .bound = 15, .measured = std::nullopt};
    EXPECT_EQ(verdict(goal), Verdict::not_measured);
    const std::vector<std::pair<double, Verdict>> cases{{9.9, Verdict::reached},
                                                        {10, Verdict::reached},
                                                        {10.1, Verdict::within_bound},
                                                        {15, Verdict::within_bound},
                                                        {15.1, Verdict::missed}};
    for (const auto& [measured, expected] : cases) {
        goal.measured = measured;
        EXPECT_EQ(verdict(goal), expected) << measured;
    }
}

Measurement measurement_of(const Scenario& scenario, double milliseconds) {
    Measurement measurement;
    measurement.scenario = scenario;
    measurement.floor = {.p256_verify = 100, .p256_sign = 50, .x25519 = 50};
    measurement.verification_meanwhile = 125;
    measurement.latencies.assign(10, 5.0);
    measurement.cpu_seconds = milliseconds / 1e3 * 10;
    measurement.syncs = 5;
    return measurement;
}

std::optional<double> measured(const Findings& findings, const std::string& begin_of_figure) {
    const auto goals = goals_of(findings);
    const auto found = std::ranges::find_if(
        goals, [&](const Goal& goal) { return goal.figure.starts_with(begin_of_figure); });
    EXPECT_NE(found, goals.end()) << begin_of_figure;
    return found->measured;
}

TEST(Goals, AreTakenFromTheirScenarios) {
    Findings findings;
    findings.measurements = {
        measurement_of({.clients = 1}, 9),
        measurement_of({.clients = 32}, 1),
        measurement_of({.connections = Connections::fresh, .clients = 32}, 2),
        measurement_of({.server = ServerKind::cairn_postgresql, .clients = 32}, 3),
        measurement_of({.clients = 32, .names = 100}, 99),
    };
    EXPECT_DOUBLE_EQ(measured(findings, "embedded store, 32 clients, kept").value(), 10);
    EXPECT_DOUBLE_EQ(measured(findings, "embedded store, 32 clients, fresh").value(), 20);
    EXPECT_DOUBLE_EQ(measured(findings, "PostgreSQL").value(), 30);
    const std::string kept = "embedded store, 32 clients, kept connections (meanwhile)";
    EXPECT_DOUBLE_EQ(measured(findings, kept).value(), 8);
    findings.measurements[1].verification_meanwhile = 0;
    EXPECT_FALSE(measured(findings, kept));
    EXPECT_DOUBLE_EQ(
        measured(findings, "PostgreSQL, the CA's process, kept connections (m").value(), 24);
    EXPECT_DOUBLE_EQ(measured(findings, "fdatasync").value(), 0.5);
    EXPECT_DOUBLE_EQ(measured(findings, "order latency with one client, p50").value(), 5);
    EXPECT_FALSE(measured(findings, "resident memory"));  // too few orders
}

TEST(Goals, AreComparedWithPebbleOfTheSameRun) {
    Findings findings;
    findings.measurements = {
        measurement_of({.clients = 32}, 1),
        measurement_of({.connections = Connections::fresh, .clients = 32}, 2),
        measurement_of({.server = ServerKind::cairn_postgresql, .clients = 32}, 3)};
    const std::string kept = "embedded store, 32 clients, kept connections (over Pebble)";
    const std::string fresh = "embedded store, 32 clients, fresh connections (over Pebble)";
    EXPECT_FALSE(measured(findings, kept));  // no Pebble in this run
    findings.measurements.push_back(
        measurement_of({.server = ServerKind::pebble, .clients = 32}, 4));
    EXPECT_DOUBLE_EQ(measured(findings, kept).value(), 0.25);
    EXPECT_FALSE(measured(findings, fresh));
    EXPECT_DOUBLE_EQ(
        measured(findings, "PostgreSQL, the CA's process, kept connections (over").value(), 0.75);
    findings.measurements.back().complete = false;
    EXPECT_FALSE(measured(findings, kept));
}

TEST(Goals, AreNotClaimedFromWhatDidNotComplete) {
    Findings findings;
    findings.measurements = {measurement_of({.clients = 32}, 1)};
    findings.measurements[0].complete = false;
    EXPECT_FALSE(measured(findings, "embedded store, 32 clients, kept"));
}

TEST(Goals, FewerIdleConnectionsAreScaledAndSaidSo) {
    Findings findings;
    findings.idle = IdleConnections{.connections = 2000, .mebibytes_more = 30};
    EXPECT_DOUBLE_EQ(measured(findings, "10,000 idle connections: memory (from 2000").value(), 150);
    findings.idle = IdleConnections{.connections = 10000, .mebibytes_more = 30};
    EXPECT_DOUBLE_EQ(measured(findings, "10,000 idle connections: memory").value(), 30);
}

TEST(Goals, AFilledStoreIsComparedWithAnEmptyOne) {
    Findings findings;
    const Scenario postgresql{.server = ServerKind::cairn_postgresql, .clients = 32};
    findings.measurements = {measurement_of({.clients = 32}, 1), measurement_of(postgresql, 2)};
    EXPECT_FALSE(measured(findings, "V with a filled store"));
    findings.filled = {measurement_of({.clients = 32}, 1.1)};
    EXPECT_DOUBLE_EQ(measured(findings, "V with a filled store").value(), 1.1);
    EXPECT_FALSE(measured(findings, "V with a filled PostgreSQL"));
    findings.filled.push_back(measurement_of(postgresql, 2.4));
    EXPECT_DOUBLE_EQ(measured(findings, "V with a filled PostgreSQL").value(), 1.2);
}

TEST(Goals, MemoryNeedsAHundredThousandOrders) {
    Findings findings;
    findings.measurements = {measurement_of({.clients = 64}, 1)};
    auto& longest = findings.measurements[0];
    longest.latencies.assign(100000, 1.0);
    longest.resident_mebibytes = 55;
    longest.memory = {{.orders = 0, .mebibytes = 20},
                      {.orders = 50000, .mebibytes = 50},
                      {.orders = 70000, .mebibytes = 53},
                      {.orders = 100000, .mebibytes = 55}};
    EXPECT_EQ(measured(findings, "resident memory"), 55);
    EXPECT_EQ(measured(findings, "growth"), 2);
}

}  // namespace
}  // namespace cairn::bench
