// How fast CAs issue with real validation, next to what the bare cryptography costs. All figures of
// a run come from the same machine within the same minutes: read the ratios.
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

#include "bench/issuance_table.h"
#include "bench/load.h"

namespace cairn::bench {
namespace {

const std::map<std::string, ServerKind> servers{{"cairn-embedded", ServerKind::cairn_embedded},
                                                {"cairn-postgresql", ServerKind::cairn_postgresql},
                                                {"pebble", ServerKind::pebble}};
const std::map<std::string, protocol::ChallengeType> challenges{
    {"http-01", protocol::ChallengeType::http_01},
    {"dns-01", protocol::ChallengeType::dns_01},
    {"tls-alpn-01", protocol::ChallengeType::tls_alpn_01}};
const std::map<std::string, Connections> connection_habits{{"kept", Connections::kept},
                                                           {"fresh", Connections::fresh}};

struct Options {
    LoadSettings load;
    std::vector<ServerKind> servers{ServerKind::cairn_embedded};
    std::vector<Connections> connections{Connections::kept, Connections::fresh};
    std::vector<protocol::ChallengeType> challenges{protocol::ChallengeType::http_01};
    std::vector<std::size_t> clients{32}, names{1};
    long certificates = 3000;
};

std::vector<Scenario> scenarios_of(const Options& options) {
    std::vector<Scenario> scenarios;
    for (const auto server : options.servers)
        for (const auto challenge : options.challenges)
            for (const auto names : options.names)
                for (const auto clients : options.clients)
                    for (const auto connections : options.connections)
                        scenarios.push_back({.server = server,
                                             .connections = connections,
                                             .challenge = challenge,
                                             .clients = clients,
                                             .names = names,
                                             .certificates = options.certificates});
    return scenarios;
}

int run(const Options& options) {
    std::vector<Measurement> measurements;
    for (const auto& scenario : scenarios_of(options)) {
        std::cerr << to_string(scenario) << "\n";
        measurements.push_back(measure(scenario, options.load));
        if (const auto& remark = measurements.back().remark; !remark.empty())
            std::cerr << "  " << remark << "\n";
    }
    const auto& last = measurements.back().floor;
    fmt::print("1 V = one P-256 verification: {:.1f} us; signature {:.1f} us, X25519 {:.1f} us\n\n",
               last.p256_verify, last.p256_sign, last.x25519);
    fmt::print("{}", to_plain(issuance_table(measurements)));
    return 0;
}

// Each client holds a connection, and so does the server for it.
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
    CLI::App program("Measures certificate issuance", "issuance-bench");
    Options options;
    options.load.work_folder = std::filesystem::temp_directory_path();
    program.add_option("--cairn-ca", options.load.program,
                       "Program to measure; default: the one beside this");
    program
        .add_option("--work", options.load.work_folder,
                    "Folder for stores, on the disk to be measured")
        ->capture_default_str();
    program.add_option("--server", options.servers, "Which CA, one or more")
        ->transform(CLI::CheckedTransformer(servers));
    program.add_option("--connections", options.connections, "A connection kept, or one per order")
        ->transform(CLI::CheckedTransformer(connection_habits));
    program.add_option("--challenge", options.challenges, "Which challenge, one or more")
        ->transform(CLI::CheckedTransformer(challenges));
    program.add_option("--clients", options.clients, "Concurrent clients, one or more numbers")
        ->capture_default_str();
    program.add_option("--names", options.names, "Names in each certificate, one or more numbers")
        ->capture_default_str();
    program
        .add_option("--certificates", options.certificates, "How many to obtain in each scenario")
        ->capture_default_str();
    CLI11_PARSE(program, argument_count, arguments);
    if (options.load.program.empty())
        options.load.program =
            (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "cairn-ca").string();
    raise_descriptor_limit();
    try {
        return run(options);
    } catch (const std::exception& error) {
        std::cerr << "issuance-bench: " << error.what() << "\n";
        return 2;
    }
}
