#include "bench/postgres_cluster.h"

#include <chrono>
#include <stdexcept>
#include <thread>

#include <unistd.h>

namespace cairn::bench {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr auto start_patience = 30s;
constexpr auto glance = 50ms;
constexpr const char* owner = "cairn";

// PostgreSQL refuses to run as root.
std::optional<SystemUser> runner() {
    if (::geteuid() != 0) return std::nullopt;
    return SystemUser::named("postgres");
}

}  // namespace

fs::path postgres_programs() {
    const fs::path all = "/usr/lib/postgresql";
    fs::path newest;
    int newest_version = 0;
    std::error_code absent;
    for (const auto& entry : fs::directory_iterator(all, absent)) {
        const int version = std::atoi(entry.path().filename().c_str());
        if (version > newest_version && fs::exists(entry.path() / "bin/initdb")) {
            newest_version = version;
            newest = entry.path() / "bin";
        }
    }
    if (newest.empty())
        throw std::runtime_error("no PostgreSQL in " + all.string() +
                                 "; install the package postgresql");
    return newest;
}

PostgresCluster::PostgresCluster(const fs::path& parent, const SyncCounter& syncs)
    : port_(free_port()) {
    const auto programs = postgres_programs();
    const auto folder = parent / "postgresql";
    const auto data = (folder / "data").string(), port = std::to_string(port_);
    const auto user = runner();
    fs::create_directory(folder);
    if (user && ::chown(folder.c_str(), user->user, user->group) != 0)
        throw std::runtime_error("cannot give " + folder.string() + " to " + user->name);

    run_to_end({.words = {programs / "initdb", "--pgdata", data, "--username", owner, "--auth",
                          "trust", "--encoding", "UTF8", "--locale", "C"},
                .user = user});
    server_ = std::make_unique<Child>(
        Command{.words = {programs / "postgres", "-D", data, "-p", port, "-c",
                          "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="},
                .output_file = parent / "postgresql.log",
                .environment = syncs.environment(),
                .user = user,
                .stop_signal = SIGINT});
    const auto deadline = std::chrono::steady_clock::now() + start_patience;
    for (;;) {
        try {
            run_to_end({.words = {programs / "createdb", "--host", "127.0.0.1", "--port", port,
                                  "--username", owner, owner}});
            return;
        } catch (const std::runtime_error&) {
            if (server_->has_ended() || std::chrono::steady_clock::now() > deadline) throw;
            std::this_thread::sleep_for(glance);
        }
    }
}

std::string PostgresCluster::url() const {
    return std::string("postgresql://") + owner + "@127.0.0.1:" + std::to_string(port_) + "/" +
           owner;
}

}  // namespace cairn::bench
