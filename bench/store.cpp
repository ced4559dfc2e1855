// What the embedded store costs for each certificate, empty and filled, through the port that the
// CA uses. All figures of a run come from the same machine within minutes: read the ratios.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <stdexcept>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "bench/crypto_floor.h"
#include "bench/store_generator.h"
#include "bench/store_load.h"

namespace {

using namespace cairn;
namespace fs = std::filesystem;

double percentile(const std::vector<double>& sorted, double share) {
    if (sorted.empty()) return 0;
    return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

/// A folder that goes with its owner.
class Folder {
  public:
    explicit Folder(const fs::path& parent) {
        auto pattern = (parent / "cairn-bench-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            throw std::runtime_error("cannot make a folder in " + parent.string());
        path_ = pattern;
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] const fs::path& path() const { return path_; }

  private:
    fs::path path_;
};

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
    std::printf("%-24s %8s %9s %7s %8s %8s %17s %17s %8s %8s\n", "store", "cert/s", "CPU us/ct",
                "V/ct", "sync/ct", "KiB/ct", "write p50/p99 ms", "order p50/p99 ms", "RSS MiB",
                "open ms");
}

double print(const char* what, const bench::StoreCost& cost) {
    const auto count = static_cast<double>(cost.certificates);
    const double verify = verification_microseconds();
    const double cpu = cost.cpu_seconds * 1e6 / count;
    std::printf("%-24s %8.0f %9.1f %7.2f %8.3f %8.1f %8.2f %8.2f %8.1f %8.1f %8.0f %8.0f\n", what,
                count / cost.seconds, cpu, cpu / verify, cost.syncs / count,
                cost.written_octets / 1024 / count, percentile(cost.write_latencies, 0.5),
                percentile(cost.write_latencies, 0.99), percentile(cost.order_latencies, 0.5),
                percentile(cost.order_latencies, 0.99), cost.resident_mebibytes,
                cost.open_seconds * 1e3);
    std::fflush(stdout);
    return cpu / verify;
}

struct Arguments {
    std::string generate, store, folder = fs::temp_directory_path().string();
    std::size_t clients = 32;
    long certificates = 1'000'000, orders = 20'000;
};

void measure(const Arguments& arguments) {
    const Folder folder(arguments.folder);
    print_header(arguments.clients);
    const auto empty = (folder.path() / "empty").string();
    const double alone =
        print("empty", bench::load_store(empty, arguments.clients, arguments.orders));
    if (arguments.store.empty() && arguments.certificates == 0) return;
    auto filled = arguments.store;
    if (filled.empty()) {
        filled = (folder.path() / "filled").string();
        bench::generate_store(filled, arguments.certificates);
    }
    drop_from_memory(filled);
    const auto size = static_cast<double>(fs::file_size(filled)) / (1 << 30);
    const auto name = "filled, " + std::to_string(size).substr(0, 4) + " GiB";
    const double full =
        print(name.c_str(), bench::load_store(filled, arguments.clients, arguments.orders));
    // Once more, with what the first run has read and written in memory.
    print("the same, warm", bench::load_store(filled, arguments.clients, arguments.orders));
    std::printf("\nfilled over empty: %.2f\n", full / alone);
}

}  // namespace

int main(int argument_count, char** argument_values) {
    CLI::App options("Measures the embedded store, empty and filled", "store-bench");
    Arguments arguments;
    options.add_option("--generate", arguments.generate,
                       "Make this database file, with --certificates in it, and measure nothing");
    options.add_option("--store", arguments.store,
                       "Measure this database file (and add to it) instead of a generated one");
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
