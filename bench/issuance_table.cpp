#include "bench/issuance_table.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace cairn::bench {

namespace {

std::string joined(const std::vector<std::string>& cells) {
    std::string line = "|";
    for (const auto& cell : cells) {
        line += ' ';
        for (const char c : cell) {
            if (c == '|') line += '\\';
            line += c;
        }
        line += " |";
    }
    return line + "\n";
}

std::string short_name(const Scenario& scenario) {
    return fmt::format("{} {}, {}", to_string(scenario.server), to_string(scenario.connections),
                       to_string(scenario.challenge));
}

// How many times as much CPU time as Pebble's in the same scenario, if that was measured.
std::string over_pebble(const Measurement& measurement,
                        const std::vector<Measurement>& measurements) {
    auto scenario = measurement.scenario;
    scenario.server = ServerKind::pebble;
    const auto* pebble = find_measurement(measurements, scenario);
    if (pebble == nullptr || pebble == &measurement || !pebble->complete) return "";
    return figure(measurement.units() / pebble->units());
}

}  // namespace

std::string to_plain(const TextTable& table) {
    std::vector<std::size_t> widths;
    for (const auto& cell : table.head) widths.push_back(cell.size());
    for (const auto& row : table.rows)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    std::string text;
    const auto add = [&](const std::vector<std::string>& row) {
        for (std::size_t i = 0; i < row.size(); ++i)
            text += i == 0 ? fmt::format("{:<{}}", row[i], widths[i])
                           : fmt::format("  {:>{}}", row[i], widths[i]);
        text += '\n';
    };
    add(table.head);
    for (const auto& row : table.rows) add(row);
    return text;
}

std::string to_markdown(const TextTable& table) {
    std::string text = joined(table.head) + "|---|";
    for (std::size_t i = 1; i < table.head.size(); ++i) text += "---:|";
    text += '\n';
    for (const auto& row : table.rows) text += joined(row);
    return text;
}

TextTable issuance_table(const std::vector<Measurement>& measurements) {
    TextTable table{.head = {"", "clients", "names", "cert/s", "CPU ms", "V", "V meanwhile",
                             "V of database", "x floor", "x Pebble", "syncs", "p50 ms", "p95 ms",
                             "p99 ms", "KiB written", "MiB", "requests"},
                    .rows = {}};
    for (const auto& each : measurements) {
        const auto database = each.database_units();
        const auto syncs = each.syncs_each();
        table.rows.push_back({short_name(each.scenario), std::to_string(each.scenario.clients),
                              std::to_string(each.scenario.names), figure(each.per_second()),
                              figure(each.cpu_milliseconds()), figure(each.units()),
                              figure(each.units_meanwhile()), database ? figure(*database) : "",
                              figure(each.units() / each.floor_units()),
                              over_pebble(each, measurements), syncs ? figure(*syncs) : "",
                              figure(each.latency(0.5)), figure(each.latency(0.95)),
                              figure(each.latency(0.99)), figure(each.kibibytes_each()),
                              figure(each.resident_mebibytes), figure(each.requests_each())});
        if (!each.complete) table.rows.back().front() += " (!)";
    }
    return table;
}

std::string figure(double value) {
    if (!std::isfinite(value)) return "-";
    const double size = std::abs(value);
    if (size >= 99.95) return fmt::format("{:.0f}", value);
    if (size >= 9.995) return fmt::format("{:.1f}", value);
    return fmt::format("{:.2f}", value);
}

}  // namespace cairn::bench
