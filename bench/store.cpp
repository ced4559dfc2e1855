// What a store costs for each certificate, empty and filled, through the port that the CA uses. All
// figures of a run come from the same machine within minutes: read the ratios.
#include "store/postgres/store.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "bench/child.h"
#include "bench/crypto_floor.h"
#include "bench/postgres_cluster.h"
#include "bench/store_generator.h"
#include "bench/store_load.h"
#include "bench/sync_counter.h"
#include "store/sqlite/store.h"

namespace {

using namespace cairn;
namespace fs = std::filesystem;

double percentile(const std::vector<double>& sorted, double share) {
    if (sorted.empty()) return 0;
    return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

// Lets the system forget the file, so that it is opened as after a restart of the machine.
void drop_from_memory(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    ::fsync(file);
    ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    ::close(file);
}

double verification_microseconds() {
    constexpr int times = 5;
    std::vector<bench::CryptoFloor> floors;
    for (int i = 0; i < times; ++i) floors.push_back(bench::measure_crypto_floor());
    return bench::mean(floors).p256_verify;
}

void print_header(std::size_t clients) {
    std::printf("%zu clients; P-256 verify %.1f us (= 1 V)\n\n", clients,
                verification_microseconds());
    std::printf("%-28s %8s %9s %7s %9s %8s %8s %17s %17s %8s %8s\n", "store", "cert/s", "CPU us/ct",
                "V/ct", "DB V/ct", "sync/ct", "KiB/ct", "write p50/p99 ms", "order p50/p99 ms",
                "RSS MiB", "open ms");
}

/// What a certificate takes, the database's part included, in V.
double print(const std::string& what, const bench::StoreCost& cost,
             const bench::ProcessUsage& database = {}) {
    const auto count = static_cast<double>(cost.certificates);
    const double verify = verification_microseconds();
    const double cpu = cost.cpu_seconds * 1e6 / count;
    const double database_cpu = database.cpu_seconds * 1e6 / count;
    std::printf("%-28s %8.0f %9.1f %7.2f %9.2f %8.3f %8.1f %8.2f %8.2f %8.1f %8.1f %8.0f %8.0f\n",
                what.c_str(), count / cost.seconds, cpu, cpu / verify, database_cpu / verify,
                cost.syncs / count, (cost.written_octets + database.written_octets) / 1024 / count,
                percentile(cost.write_latencies, 0.5), percentile(cost.write_latencies, 0.99),
                percentile(cost.order_latencies, 0.5), percentile(cost.order_latencies, 0.99),
                cost.resident_mebibytes, cost.open_seconds * 1e3);
    std::fflush(stdout);
    return (cpu + database_cpu) / verify;
}

struct Arguments {
    std::string generate, store, folder = fs::temp_directory_path().string();
    std::vector<std::string> kinds{"embedded", "postgresql"};
    std::size_t clients = 32;
    long certificates = 1'000'000, orders = 20'000;

    [[nodiscard]] bool measures(const std::string& kind) const {
        return std::ranges::find(kinds, kind) != kinds.end();
    }
};

bench::StoreCost load_embedded(const std::string& file, const Arguments& arguments) {
    return bench::load_store(
        [&](const std::vector<base::Executor>&, base::Log& log) {
            return store::open_sqlite_store({.path = file}, log);
        },
        arguments.clients, arguments.orders);
}

void measure_embedded(const Arguments& arguments) {
    const bench::TemporaryFolder folder(arguments.folder);
    const auto empty = (folder.path() / "empty").string();
    const double alone = print("embedded, empty", load_embedded(empty, arguments));
    if (arguments.store.empty() && arguments.certificates == 0) return;
    auto filled = arguments.store;
    if (filled.empty()) {
        filled = (folder.path() / "filled").string();
        bench::generate_store(filled, arguments.certificates);
    }
    drop_from_memory(filled);
    const auto size = static_cast<double>(fs::file_size(filled)) / (1 << 30);
    const double full = print("embedded, " + std::to_string(size).substr(0, 4) + " GiB",
                              load_embedded(filled, arguments));
    // Once more, with what the first run has read and written in memory.
    print("the same, warm", load_embedded(filled, arguments));
    std::printf("embedded, filled over empty: %.2f\n\n", full / alone);
}

void measure_postgres(const Arguments& arguments) {
    const bench::TemporaryFolder folder(arguments.folder);
    const bench::SyncCounter syncs(folder.path() / "syncs");
    const bench::PostgresCluster cluster(folder.path(), syncs);
    const auto measure = [&](const std::string& what, const bench::OpenStore& open) {
        const auto before = cluster.usage();
        const auto syncs_before = syncs.count();
        auto cost = bench::load_store(open, arguments.clients, arguments.orders);
        const auto after = cluster.usage();
        cost.syncs += static_cast<double>(syncs.count() - syncs_before);
        return print(what, cost,
                     {.cpu_seconds = after.cpu_seconds - before.cpu_seconds,
                      .written_octets = after.written_octets - before.written_octets});
    };
    const bench::OpenStore open = [&](const std::vector<base::Executor>& executors,
                                      base::Log& log) {
        store::PostgresOptions options;
        options.url = cluster.url();
        return store::open_postgres_store(options, executors, log);
    };
    const double alone = measure("PostgreSQL, empty", open);
    if (arguments.certificates == 0) return;
    bench::fill_postgres_store(cluster.url(), arguments.certificates);
    const double full =
        measure("PostgreSQL, " + std::to_string(arguments.certificates) + " more", open);
    bench::analyze_postgres_store(cluster.url());
    measure("the same, analyzed", open);
    std::printf("PostgreSQL, filled over empty: %.2f\n\n", full / alone);
}

void measure(const Arguments& arguments) {
    print_header(arguments.clients);
    if (arguments.measures("embedded")) measure_embedded(arguments);
    if (arguments.measures("postgresql") && arguments.store.empty()) measure_postgres(arguments);
}

}  // namespace

int main(int argument_count, char** argument_values) {
    CLI::App options("Measures the stores, empty and filled", "store-bench");
    Arguments arguments;
    options.add_option("--generate", arguments.generate,
                       "Make this database file, with --certificates in it, and measure nothing");
    options.add_option("--store", arguments.store,
                       "Measure this database file (and add to it) instead of a generated one, and"
                       " no PostgreSQL");
    options.add_option("--kind", arguments.kinds, "Which stores are measured")
        ->check(CLI::IsMember({"embedded", "postgresql"}))
        ->capture_default_str();
    options.add_option("--folder", arguments.folder, "Where the measured stores are made")
        ->capture_default_str();
    options
        .add_option("--certificates", arguments.certificates,
                    "Certificates in the filled store; 0: only the empty one is measured")
        ->capture_default_str();
    options.add_option("--orders", arguments.orders, "Orders that are measured")
        ->capture_default_str();
    options.add_option("--clients", arguments.clients, "Concurrent clients")->capture_default_str();
    CLI11_PARSE(options, argument_count, argument_values);
    try {
        if (arguments.generate.empty())
            measure(arguments);
        else
            bench::generate_store(arguments.generate, arguments.certificates);
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "store-bench: " << error.what() << "\n";
        return 2;
    }
}
