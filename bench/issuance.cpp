// How fast cairn-ca issues with real http-01 validation, next to what the bare cryptography costs.
// All figures of a run come from the same machine within the same minute: read the ratios.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <future>
#include <iostream>
#include <mutex>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "bench/authority_process.h"
#include "bench/crypto_floor.h"
#include "bench/load_client.h"
#include "net/http_client.h"
#include "net/http_server.h"

namespace {

using namespace cairn;

// An issuance over a kept connection as the floor counts it: seven signed requests, the signature
// of the CSR, one signature made.
constexpr double floor_verifications = 8;

struct Outcome {
    double seconds = 0;
    double server_cpu_seconds = 0;
    double written_octets = 0;
    double resident_mebibytes = 0;
    std::vector<double> latencies;  ///< milliseconds, sorted
};

double percentile(const std::vector<double>& sorted, double share) {
    if (sorted.empty()) return 0;
    const auto index = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
    return sorted[index];
}

net::HttpHandler responder(bench::ChallengeBoard& board) {
    return [&board](net::HttpRequest request) -> base::Task<net::HttpResponse> {
        net::HttpResponse response;
        const auto path = request.path();
        response.body = board.find(std::string(path.substr(path.rfind('/') + 1)));
        response.status = response.body.empty() ? 404 : 200;
        response.content_type = "application/octet-stream";
        co_return response;
    };
}

// Obtains certificates until `left` runs out, and notes how long each took.
base::Task<void> work(bench::LoadClient& client, std::atomic<long>& left, std::mutex& mutex,
                      std::vector<double>& latencies) {
    while (left.fetch_sub(1) > 0) {
        const double taken = co_await client.obtain();
        const std::scoped_lock lock(mutex);
        latencies.push_back(taken);
    }
}

Outcome measure(const bench::AuthorityProcess& authority, const bench::LoadOptions& options,
                std::size_t client_count, long certificates) {
    net::HttpClient http({.user_agent = "cairn-bench", .root_file = options.root_file});
    const auto reply = http.get(authority.directory_url());
    if (!reply) throw std::runtime_error(reply.error().message);
    const auto directory = protocol::Directory::from_json(base::bytes_of(reply->body));

    bench::ChallengeBoard board;
    const auto log = base::silent_log();
    net::EventLoops loops(1);
    net::HttpServer::Options server_options;
    server_options.listen = {"127.0.0.1:" + std::to_string(authority.http_port())};
    server_options.handler = responder(board);
    server_options.access_log = false;
    net::HttpServer server(loops, *log, std::move(server_options));
    server.start();

    std::vector<std::unique_ptr<bench::LoadClient>> clients;
    for (std::size_t i = 0; i < client_count; ++i) {
        clients.push_back(std::make_unique<bench::LoadClient>(options, *directory, board, i));
        boost::asio::co_spawn(loops.executor(0), clients.back()->register_account(),
                              boost::asio::use_future)
            .get();
    }

    Outcome outcome;
    std::mutex mutex;
    std::atomic<long> left = certificates;
    const double cpu_before = authority.process().cpu_seconds();
    const double written_before = authority.process().written_octets();
    const auto begun = std::chrono::steady_clock::now();
    std::vector<std::future<void>> running;
    for (auto& client : clients) {
        running.push_back(boost::asio::co_spawn(loops.executor(0),
                                                work(*client, left, mutex, outcome.latencies),
                                                boost::asio::use_future));
    }
    for (auto& each : running) each.get();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
    outcome.seconds = taken.count();
    outcome.server_cpu_seconds = authority.process().cpu_seconds() - cpu_before;
    outcome.written_octets = authority.process().written_octets() - written_before;
    outcome.resident_mebibytes = authority.process().resident_mebibytes();
    std::ranges::sort(outcome.latencies);
    server.stop(base::Milliseconds(0));
    return outcome;
}

void report(const char* what, const Outcome& outcome, double verify_microseconds) {
    const auto count = static_cast<double>(outcome.latencies.size());
    const double cpu_milliseconds = outcome.server_cpu_seconds * 1e3 / count;
    std::printf("%-22s %8.0f %10.3f %8.1f %8.1f %8.1f %8.1f %9.1f %8.0f\n", what,
                count / outcome.seconds, cpu_milliseconds,
                cpu_milliseconds * 1e3 / verify_microseconds, percentile(outcome.latencies, 0.5),
                percentile(outcome.latencies, 0.95), percentile(outcome.latencies, 0.99),
                outcome.written_octets / 1024 / count, outcome.resident_mebibytes);
}

int run(const std::string& program, std::size_t client_count, long certificates,
        std::size_t names) {
    const auto before = bench::measure_crypto_floor();
    std::vector<std::pair<const char*, Outcome>> outcomes;
    for (const auto& [what, connections] :
         {std::pair("kept connections", bench::Connections::kept),
          std::pair("fresh connections", bench::Connections::fresh)}) {
        const bench::AuthorityProcess authority(program);
        const bench::LoadOptions options{.port = authority.port(),
                                         .root_file = authority.root_file().string(),
                                         .connections = connections,
                                         .names = names};
        outcomes.emplace_back(what, measure(authority, options, client_count, certificates));
    }
    const auto after = bench::measure_crypto_floor();
    const double verify = (before.p256_verify + after.p256_verify) / 2;
    const double sign = (before.p256_sign + after.p256_sign) / 2;

    std::printf(
        "%ld certificates of %zu name(s), %zu clients, http-01 with real DNS and HTTP, "
        "embedded durable store\n",
        certificates, names, client_count);
    std::printf(
        "bare cryptography on one core: P-256 verify %.1f us (= 1 V; %.1f before, %.1f "
        "after), sign %.1f us\n",
        verify, before.p256_verify, after.p256_verify, sign);
    std::printf(
        "floor of cryptography for one certificate over a kept connection: %.3f ms, %.1f "
        "V\n\n",
        (floor_verifications * verify + sign) / 1e3, floor_verifications + sign / verify);
    std::printf("%-22s %8s %10s %8s %8s %8s %8s %9s %8s\n", "", "cert/s", "CPU ms/ct", "V/ct",
                "p50 ms", "p95 ms", "p99 ms", "KiB/ct", "RSS MiB");
    for (const auto& [what, outcome] : outcomes) report(what, outcome, verify);
    return 0;
}

}  // namespace

int main(int argument_count, char** arguments) {
    CLI::App options("Measures certificate issuance by cairn-ca", "issuance-bench");
    std::string program;
    std::size_t clients = 32, names = 1;
    long certificates = 3000;
    options.add_option("--cairn-ca", program, "Program to measure; default: the one beside this");
    options.add_option("--clients", clients, "Concurrent clients")->capture_default_str();
    options.add_option("--certificates", certificates, "How many to obtain in each mode")
        ->capture_default_str();
    options.add_option("--names", names, "Names in each certificate")->capture_default_str();
    CLI11_PARSE(options, argument_count, arguments);
    if (program.empty())
        program =
            (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "cairn-ca").string();
    try {
        return run(program, clients, certificates, names);
    } catch (const std::exception& error) {
        std::cerr << "issuance-bench: " << error.what() << "\n";
        return 2;
    }
}
