#include "bench/report.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <stdexcept>

#include <fmt/format.h>

#include "bench/issuance_table.h"
#include "bench/plot.h"

namespace cairn::bench {

namespace {

constexpr std::size_t usual_clients = 32;

// For each server the measurements with one name over http-01 and kept connections.
std::map<ServerKind, std::vector<const Measurement*>> by_clients(const Findings& findings) {
    std::map<ServerKind, std::vector<const Measurement*>> result;
    for (const auto& each : findings.measurements) {
        auto& same = result[each.scenario.server];
        const bool usual =
            find_measurement(findings.measurements, {.server = each.scenario.server,
                                                     .clients = each.scenario.clients}) == &each;
        if (usual && each.complete) same.push_back(&each);
    }
    for (auto& [server, same] : result)
        std::ranges::sort(same, {}, [](const Measurement* each) { return each->scenario.clients; });
    std::erase_if(result, [](const auto& entry) { return entry.second.empty(); });
    return result;
}

template <class Value>
LinePlot over_clients(const Findings& findings, std::string title, std::string y_label,
                      Value value) {
    LinePlot plot{.title = std::move(title),
                  .x_label = "concurrent clients",
                  .y_label = std::move(y_label),
                  .x_scale = PlotScale::logarithmic,
                  .lines = {}};
    for (const auto& [server, measurements] : by_clients(findings)) {
        PlotLine line{.name = to_string(server), .points = {}};
        for (const auto* each : measurements)
            line.points.emplace_back(static_cast<double>(each->scenario.clients), value(*each));
        plot.lines.push_back(std::move(line));
    }
    return plot;
}

BarPlot units_plot(const Findings& findings) {
    BarPlot plot{.title = "CPU time per certificate, http-01, 32 clients, one name",
                 .y_label = "V: verifications of a P-256 signature",
                 .groups = {},
                 .kinds = {}};
    constexpr double absent = -1;
    BarPlot::Kind floor{.name = "cryptography alone", .values = {}};
    BarPlot::Kind database{.name = "PostgreSQL's own processes", .values = {}};
    std::map<ServerKind, BarPlot::Kind> servers;
    for (const auto connections : {Connections::kept, Connections::fresh}) {
        plot.groups.push_back(to_string(connections) + " connections");
        floor.values.push_back(absent);
        database.values.push_back(absent);
        for (const auto server :
             {ServerKind::cairn_embedded, ServerKind::cairn_postgresql, ServerKind::pebble}) {
            const auto* found = find_measurement(
                findings.measurements,
                {.server = server, .connections = connections, .clients = usual_clients});
            auto& kind = servers[server];
            kind.name = to_string(server);
            kind.values.push_back(found != nullptr && found->complete ? found->units() : absent);
            if (found == nullptr) continue;
            floor.values.back() = found->floor_units();
            if (const auto units = found->database_units()) database.values.back() = *units;
        }
    }
    plot.kinds.push_back(floor);
    for (const auto& [server, kind] : servers) plot.kinds.push_back(kind);
    plot.kinds.push_back(database);
    std::erase_if(plot.kinds, [](const BarPlot::Kind& kind) {
        return std::ranges::all_of(kind.values, [](double value) { return value < 0; });
    });
    return plot;
}

LinePlot memory_plot(const Findings& findings) {
    LinePlot plot{.title = "Resident memory of the CA",
                  .x_label = "certificates issued",
                  .y_label = "MiB",
                  .lines = {}};
    for (const auto& [server, measurements] : by_clients(findings)) {
        const auto* longest = *std::ranges::max_element(
            measurements, {}, [](const Measurement* each) { return each->latencies.size(); });
        PlotLine line{.name = to_string(server), .points = {}};
        for (const auto& sample : longest->memory)
            line.points.emplace_back(static_cast<double>(sample.orders), sample.mebibytes);
        plot.lines.push_back(std::move(line));
    }
    return plot;
}

TextTable goal_table(const Findings& findings) {
    TextTable table{.head = {"figure", "goal", "not done above", "measured", "verdict"},
                    .rows = {}};
    for (const auto& goal : goals_of(findings)) {
        const auto with_unit = [&goal](double value) {
            return figure(value) + (goal.unit.empty() ? "" : " " + goal.unit);
        };
        table.rows.push_back({goal.figure, with_unit(goal.goal), with_unit(goal.bound),
                              goal.measured ? with_unit(*goal.measured) : "-",
                              to_string(verdict(goal))});
    }
    return table;
}

std::string remarks(const Findings& findings) {
    std::string text;
    for (const auto& failure : findings.failures) text += "- " + failure + "\n";
    for (const auto& each : findings.measurements)
        if (!each.remark.empty())
            text += fmt::format("- {}: {}{}\n", to_string(each.scenario), each.remark,
                                each.complete ? "" : " **(not complete; read with care)**");
    return text.empty() ? text : "\n## What went wrong\n\n" + text;
}

CryptoFloor mean_floor(const std::vector<Measurement>& measurements) {
    std::vector<CryptoFloor> floors;
    for (const auto& each : measurements) floors.push_back(each.floor);
    return mean(floors);
}

std::string floor_text(const Findings& findings) {
    const auto floor = mean_floor(findings.measurements);
    const auto kept = floor_microseconds(floor, Connections::kept, 1);
    const auto fresh = floor_microseconds(floor, Connections::fresh, 1);
    const double unit = std::max(floor.p256_verify, 1e-9);
    return fmt::format(
        "1 V is one verification of a P-256 signature on one core: {:.1f} us, the mean over this "
        "run; for each row it was measured right before and after, and each third of a second "
        "between, with the server held still. A P-256 signature takes {:.1f} us, an X25519 "
        "operation {:.1f} us, a write of 4 KiB with fdatasync {:.0f} us "
        "(median).\n\n"
        "The cryptography of one certificate alone (7 signed requests, the CSR, the signature): "
        "{:.2f} ms, {:.1f} V over a kept connection; {:.2f} ms, {:.1f} V with a handshake.\n",
        floor.p256_verify, floor.p256_sign, floor.x25519, findings.durable_write_microseconds,
        kept / 1e3, kept / unit, fresh / 1e3, fresh / unit);
}

constexpr const char* reading = R"(
- **CPU ms**: user and system time of the CA's own process per certificate, from `/proc/PID/stat`.
  **V**: the same, divided by 1 V. The clients run on the same cores and are not counted; rates and
  latencies suffer from them, CPU time hardly.
- **V meanwhile**: CPU ms divided by what a verification took while the load was on: a few of them were
  measured all along. Where cores share caches and units, everything takes longer under load, also
  bare cryptography; this ratio leaves that out. The goals are in V.
- **V of database**: of all processes of PostgreSQL, beside the CA's.
- **x floor**: V divided by what the cryptography alone costs. **x Pebble**: V divided by Pebble's in
  the same scenario of this run.
- **KiB written**: what the CA (and its database) caused to be written, from `/proc/PID/io`. Pebble
  keeps everything in memory; what it writes is its log.
- **syncs**: calls of fsync and fdatasync by the CA and its database per certificate, counted in this
  very run by a library that is loaded before the C library.
- **requests**: signed requests per certificate. The client polls at once, then after 1, 2, 4 ... 16
  ms; Cairn holds its answers until there is news, so it sees fewer.
- Pebble runs with PEBBLE_VA_NOSLEEP=1, PEBBLE_WFE_NONCEREJECT=0, PEBBLE_AUTHZREUSE=0. It validates
  each challenge three times, and deadlocks if newOrder requests meet each other or readers of
  authorizations; the clients therefore let its newOrder requests run alone, which costs it rate and
  latency and hardly CPU time.
)";

}  // namespace

std::vector<Picture> pictures_of(const Findings& findings) {
    if (findings.measurements.empty()) return {};
    std::vector<Picture> pictures;
    const auto add = [&](const char* name, const char* title, const auto& plot) {
        auto script = gnuplot_script(plot);
        if (!script.empty()) pictures.push_back({name, title, std::move(script)});
    };
    add("cpu", "CPU time per certificate", units_plot(findings));
    add("memory", "Resident memory", memory_plot(findings));
    const auto servers = by_clients(findings);
    if (std::ranges::all_of(servers, [](const auto& each) { return each.second.size() < 2; }))
        return pictures;
    add("rate", "Certificates per second",
        over_clients(findings, "Certificates per second, client on the same cores",
                     "certificates/s", [](const Measurement& m) { return m.per_second(); }));
    add("p50", "Latency of an order, median",
        over_clients(findings, "Latency of an order, median", "ms",
                     [](const Measurement& m) { return m.latency(0.5); }));
    add("p99", "Latency of an order, 99th percentile",
        over_clients(findings, "Latency of an order, 99th percentile", "ms",
                     [](const Measurement& m) { return m.latency(0.99); }));
    return pictures;
}

std::string to_markdown(const Report& report, const std::string& picture_prefix) {
    std::string text = "# Issuance, measured\n\n";
    TextTable machine{.head = {"", ""}, .rows = {}};
    for (const auto& [name, value] : report.machine) machine.rows.push_back({name, value});
    text += to_markdown(machine) + "\n" + floor_text(report.findings);
    text += "\n## Figures to reach\n\n" + to_markdown(goal_table(report.findings));
    text += remarks(report.findings);
    text += "\n## All scenarios\n\n" + to_markdown(issuance_table(report.findings.measurements));
    if (!report.findings.filled.empty())
        text += "\nWith filled stores:\n\n" + to_markdown(issuance_table(report.findings.filled));
    text += "\nA row with (!) did not complete.\n";
    text += reading;
    for (const auto& picture : pictures_of(report.findings))
        text += fmt::format("\n![{}]({}{}.svg)\n", picture.title, picture_prefix, picture.name);
    return text;
}

void write_report(const Report& report, const std::filesystem::path& file) {
    const auto prefix = file.stem().string() + "-";
    if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
    std::ofstream stream(file);
    stream << to_markdown(report, prefix);
    stream.close();
    if (!stream) throw std::runtime_error("cannot write " + file.string());
    for (const auto& picture : pictures_of(report.findings))
        draw(picture.script, file.parent_path() / (prefix + picture.name + ".svg"));
}

}  // namespace cairn::bench
