// How fast CAs issue with real validation, next to what the bare cryptography costs. All figures of
// a run come from the same machine within the same minutes: read the ratios.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

#include "bench/idle_connections.h"
#include "bench/issuance_table.h"
#include "bench/load.h"
#include "bench/machine.h"
#include "bench/plan.h"
#include "bench/plot.h"
#include "bench/report.h"
#include "bench/start_up.h"

namespace cairn::bench {
namespace {

const std::map<std::string, ServerKind> server_names{
    {"cairn-embedded", ServerKind::cairn_embedded},
    {"cairn-postgresql", ServerKind::cairn_postgresql},
    {"pebble", ServerKind::pebble}};
const std::map<std::string, protocol::ChallengeType> challenge_names{
    {"http-01", protocol::ChallengeType::http_01},
    {"dns-01", protocol::ChallengeType::dns_01},
    {"tls-alpn-01", protocol::ChallengeType::tls_alpn_01}};
const std::map<std::string, Connections> connection_names{{"kept", Connections::kept},
                                                          {"fresh", Connections::fresh}};
const std::map<std::string, Extra> extra_names{{"idle", Extra::idle},
                                               {"start-up", Extra::start_up}};

struct Options {
    LoadSettings load;
    bool quick = false, full = false;
    Choice choice;
    std::vector<Extra> extras;
    std::size_t idle_connections = 10000;
    long orders = 100000;
    std::string cairn, report;
    std::filesystem::path filled_store;
    long filled_certificates = 0;
};

Plan plan_of(const Options& options) {
    if (options.quick) return quick_plan();
    if (options.full) return full_plan(options.orders);
    return {.scenarios =
                options.extras.empty() ? scenarios_of(options.choice) : std::vector<Scenario>(),
            .extras = {options.extras.begin(), options.extras.end()},
            .idle_connections = options.idle_connections};
}

// What the last measurement takes when much is in the store; for the goal's scenario alone.
void measure_filled(const Options& options, Findings& findings) {
    const auto& empty = findings.measurements.back();
    auto settings = options.load;
    if (find_measurement({empty}, Scenario{}) != nullptr)
        settings.store_file = options.filled_store;
    else if (find_measurement({empty}, Scenario{.server = ServerKind::cairn_postgresql}) != nullptr)
        settings.filled_certificates = options.filled_certificates;
    if (settings.store_file.empty() && settings.filled_certificates == 0) return;
    fmt::print(stderr, "the same with the filled store\n");
    try {
        const auto& filled = findings.filled.emplace_back(measure(empty.scenario, settings));
        if (!filled.complete) findings.failures.push_back("the filled store: " + filled.remark);
    } catch (const std::exception& error) {
        findings.failures.push_back(std::string("the filled store: ") + error.what());
        fmt::print(stderr, "  {}\n", error.what());
    }
}

void measure_scenarios(const Plan& plan, const Options& options, Findings& findings) {
    std::size_t number = 0;
    std::set<ServerKind> unusable;
    for (const auto& scenario : plan.scenarios) {
        fmt::print(stderr, "[{}/{}] {}\n", ++number, plan.scenarios.size(), to_string(scenario));
        if (unusable.contains(scenario.server)) continue;
        try {
            findings.measurements.push_back(measure(scenario, options.load));
        } catch (const std::exception& error) {
            unusable.insert(scenario.server);
            findings.failures.push_back(to_string(scenario) +
                                        ", and what follows with it: " + error.what());
            fmt::print(stderr, "  {}\n", error.what());
            continue;
        }
        if (const auto& remark = findings.measurements.back().remark; !remark.empty())
            fmt::print(stderr, "  {}\n", remark);
        measure_filled(options, findings);
    }
}

void measure_extras(const Plan& plan, const Options& options, Findings& findings) {
    const auto attempt = [&](Extra extra, const char* what, auto work) {
        if (!plan.extras.contains(extra)) return;
        fmt::print(stderr, "{}\n", what);
        try {
            work();
        } catch (const std::exception& error) {
            findings.failures.push_back(std::string(what) + ": " + error.what());
            fmt::print(stderr, "  {}\n", error.what());
        }
    };
    const auto& load = options.load;
    // First of all, while this process is small: a large one takes milliseconds to fork.
    attempt(Extra::start_up, "start-up of cairn-ca", [&] {
        findings.serve_start_seconds =
            measure_serve_start(load.program, load.work_folder, options.filled_store);
        findings.started_filled = !options.filled_store.empty();
    });
    attempt(Extra::start_up, "start-up of cairn", [&] {
        findings.client_start_milliseconds = measure_client_start(options.cairn, load.work_folder);
    });
    attempt(Extra::idle, "idle connections",
            [&] { findings.idle = measure_idle_connections(plan.idle_connections, load); });
    findings.durable_write_microseconds = measure_durable_write(load.work_folder.string());
}

void print_findings(const Findings& findings) {
    if (!findings.measurements.empty()) {
        const auto& last = findings.measurements.back().floor;
        fmt::print(
            "1 V = one P-256 verification: {:.1f} us; signature {:.1f} us, X25519 {:.1f} us;"
            " 4 KiB with fdatasync {:.0f} us\n\n{}\n",
            last.p256_verify, last.p256_sign, last.x25519, findings.durable_write_microseconds,
            to_plain(issuance_table(findings.measurements)));
    }
    for (const auto& goal : goals_of(findings))
        if (goal.measured)
            fmt::print("{}: {} {} (goal {}, bound {}): {}\n", goal.figure, figure(*goal.measured),
                       goal.unit, figure(goal.goal), figure(goal.bound), to_string(verdict(goal)));
}

// 0 if everything that was asked for was measured.
int run(const Options& options) {
    const auto plan = plan_of(options);
    Findings findings;
    measure_extras(plan, options, findings);
    measure_scenarios(plan, options, findings);
    print_findings(findings);
    if (!options.report.empty()) {
        write_report({.findings = findings, .machine = describe_machine(options.load.work_folder)},
                     options.report);
        fmt::print("\nReport: {}\n", options.report);
    }
    const bool complete = std::ranges::all_of(findings.measurements, &Measurement::complete);
    return complete && findings.failures.empty() ? 0 : 2;
}

// Each client holds a connection, and so does the server for it.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

void add_choices(CLI::App& program, Options& options) {
    auto& choice = options.choice;
    program.add_option("--server", choice.servers, "Which CAs")
        ->transform(CLI::CheckedTransformer(server_names));
    program.add_option("--connections", choice.connections, "Kept, or a fresh one for each order")
        ->transform(CLI::CheckedTransformer(connection_names));
    program.add_option("--challenge", choice.challenges, "Which challenges")
        ->transform(CLI::CheckedTransformer(challenge_names));
    program.add_option("--clients", choice.clients, "How many at the same time")
        ->capture_default_str();
    program.add_option("--names", choice.names, "Names in each certificate")->capture_default_str();
    program.add_option("--certificates", choice.certificates, "How many for each combination")
        ->capture_default_str();
    program
        .add_option("--only", options.extras,
                    "No issuance, but these: idle "
                    "(memory of idle connections), start-up")
        ->transform(CLI::CheckedTransformer(extra_names));
    program.add_option("--idle-connections", options.idle_connections, "For --only idle")
        ->capture_default_str();
}

}  // namespace
}  // namespace cairn::bench

int main(int argument_count, char** arguments) {
    using namespace cairn::bench;
    const auto beside = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    CLI::App program(
        "Measures issuance by Cairn and by Pebble. Without --quick or --full: every combination of "
        "the given servers, connections, challenges, names and clients.",
        "issuance-bench");
    Options options;
    options.load.work_folder = std::filesystem::temp_directory_path();
    options.load.program = (beside / "cairn-ca").string();
    options.cairn = (beside / "cairn").string();
    add_choices(program, options);
    auto* quick = program.add_flag("--quick", options.quick, "A bit of everything");
    program.add_flag("--full", options.full, "The whole matrix; takes most of an hour")
        ->excludes(quick);
    program.add_option("--orders", options.orders, "Orders of the longest run of --full")
        ->capture_default_str();
    program.add_option("--report", options.report, "Write a report with pictures to this .md file");
    program
        .add_option("--filled-store", options.filled_store,
                    "Compare an empty store with this one, of store-bench --generate; it grows")
        ->check(CLI::ExistingFile);
    program.add_option(
        "--filled-postgresql", options.filled_certificates,
        "Compare an empty PostgreSQL with one of so many certificates, which is made");
    program.add_option("--cairn-ca", options.load.program, "Program to measure")
        ->capture_default_str();
    program.add_option("--cairn", options.cairn, "Client to measure")->capture_default_str();
    program.add_option("--work", options.load.work_folder, "Folder on the disk to be measured")
        ->capture_default_str();
    CLI11_PARSE(program, argument_count, arguments);
    raise_descriptor_limit();
    try {
        // Not told after an hour.
        if (!options.report.empty() && !has_gnuplot())
            throw std::runtime_error("a report needs gnuplot: install the package gnuplot-nox");
        return run(options);
    } catch (const std::exception& error) {
        std::cerr << "issuance-bench: " << error.what() << "\n";
        return 2;
    }
}
