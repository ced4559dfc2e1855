// What validation costs and how long it takes: by itself, beside black holes, and from several
// places on the network. Read the ratios.
#include <array>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <stdexcept>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

#include "bench/machine.h"
#include "bench/validation_load.h"
#include "bench/validation_table.h"

namespace cairn::bench {
namespace {

enum class Part { cost, black_holes, perspectives };
const std::map<std::string, Part> part_names{
    {"cost", Part::cost}, {"black-holes", Part::black_holes}, {"perspectives", Part::perspectives}};

using enum protocol::ChallengeType;
const std::vector<CostScenario> cost_scenarios{
    {http_01, NameLookup::libunbound},     {http_01, NameLookup::libunbound, true},
    {http_01, NameLookup::forwarder},      {dns_01, NameLookup::libunbound},
    {tls_alpn_01, NameLookup::libunbound},
};
const std::vector<HoleScenario> hole_scenarios{
    {HoleKind::connections, NameLookup::libunbound},
    {HoleKind::names, NameLookup::libunbound},
    {HoleKind::names, NameLookup::forwarder},
};
/// On the loopback, and as on a continent.
constexpr std::array delays{base::Milliseconds(0), base::Milliseconds(20)};

struct Options {
    ValidationSettings settings;
    std::vector<Part> parts{Part::cost, Part::black_holes, Part::perspectives};
    std::string report;
};

ValidationFindings measure(const Options& options) {
    ValidationFindings findings;
    const auto attempt = [&](const std::string& what, auto work) {
        fmt::print(stderr, "{}\n", what);
        try {
            work();
        } catch (const std::exception& error) {
            findings.failures.push_back(what + ": " + error.what());
            fmt::print(stderr, "  {}\n", error.what());
        }
    };
    const auto& settings = options.settings;
    for (const auto part : options.parts) {
        if (part == Part::cost)
            for (const auto& scenario : cost_scenarios)
                attempt("cost: " + to_string(scenario), [&] {
                    findings.costs.push_back(measure_validation_cost(scenario, settings));
                });
        if (part == Part::black_holes)
            for (const auto& scenario : hole_scenarios)
                attempt("black holes: " + to_string(scenario), [&] {
                    findings.holes.push_back(measure_beside_black_holes(scenario, settings));
                });
        if (part == Part::perspectives)
            for (const auto delay : delays)
                attempt(fmt::format("perspectives, hosts {} ms away", delay.count()), [&] {
                    findings.perspectives.push_back(measure_perspectives(delay, settings));
                });
    }
    return findings;
}

void write_report(const Options& options, const ValidationFindings& findings) {
    std::ofstream file(options.report);
    file << "# Validation\n\n" << to_markdown(validation_table(findings)) << "\n";
    for (const auto& failure : findings.failures) file << "- not measured: " << failure << "\n";
    for (const auto& [name, value] : describe_machine(options.settings.work_folder))
        file << "- " << name << ": " << value << "\n";
    file.close();
    if (!file) throw std::runtime_error("cannot write " + options.report);
}

// 0 if everything that was asked for was measured.
int run(const Options& options) {
    const auto findings = measure(options);
    fmt::print("1 V = one P-256 verification: {:.1f} us\n\n{}", measure_crypto_floor().p256_verify,
               to_plain(validation_table(findings)));
    if (!options.report.empty()) write_report(options, findings);
    return findings.failures.empty() ? 0 : 2;
}

// A CA has what this process has.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace
}  // namespace cairn::bench

int main(int argument_count, char** arguments) {
    using namespace cairn::bench;
    const auto beside = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    CLI::App program(
        "Measures validation by cairn-ca and cairn-va: its CPU time, what an honest client notices "
        "of validations that never end, and what remote perspectives add.",
        "validation-bench");
    Options options;
    auto& settings = options.settings;
    settings.work_folder = std::filesystem::temp_directory_path();
    settings.cairn_ca = (beside / "cairn-ca").string();
    settings.cairn_va = (beside / "cairn-va").string();
    program.add_option("--only", options.parts, "cost, black-holes, perspectives; without: all")
        ->transform(CLI::CheckedTransformer(part_names));
    program.add_option("--validations", settings.validations, "For the cost of each kind")
        ->capture_default_str();
    program
        .add_option("--black-holes", settings.black_holes, "Validations in flight that never end")
        ->capture_default_str();
    program.add_option("--honest", settings.honest, "Validations timed one after the other")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    program.add_option("--rounds", settings.rounds, "Of each kind of black hole")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    program.add_option("--report", options.report, "Write the table to this .md file as well");
    program.add_option("--cairn-ca", settings.cairn_ca, "Program to measure")
        ->capture_default_str();
    program.add_option("--cairn-va", settings.cairn_va, "Program to measure")
        ->capture_default_str();
    program.add_option("--work", settings.work_folder, "Where stores and folders are made")
        ->capture_default_str();
    CLI11_PARSE(program, argument_count, arguments);
    raise_descriptor_limit();
    try {
        return run(options);
    } catch (const std::exception& error) {
        std::cerr << "validation-bench: " << error.what() << "\n";
        return 2;
    }
}
