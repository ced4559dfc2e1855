#include "apps/ca/serve.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>

#include <sys/stat.h>
#include <unistd.h>

#include "apps/ca/server.h"
#include "base/memory_reserve.h"

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds upkeep_interval{60};
/// How often the clock is looked at.
constexpr std::chrono::seconds look_interval{2};
/// How long a start waits for a database that is away: longer than a failover takes.
constexpr std::chrono::seconds store_patience{60};
constexpr std::chrono::seconds store_pause{1};

// The signals that the main thread waits for; every other thread inherits the mask.
sigset_t block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    // A peer that left and a file that may not grow are errors of their calls.
    for (const int signal : {SIGPIPE, SIGXFSZ}) (void)std::signal(signal, SIG_IGN);
    return signals;
}

// The signal that came, or 0 if none did until then. A process that was stopped and goes on is told
// that its wait was interrupted, which is neither.
int wait_for_signal(const sigset_t& signals, siginfo_t& details,
                    std::chrono::steady_clock::time_point until) {
    for (;;) {
        const auto rest = std::max(until - std::chrono::steady_clock::now(),
                                   std::chrono::steady_clock::duration::zero());
        const auto seconds = std::chrono::floor<std::chrono::seconds>(rest);
        const timespec patience{.tv_sec = seconds.count(), .tv_nsec = (rest - seconds).count()};
        const int signal = sigtimedwait(&signals, &details, &patience);
        if (signal > 0) return signal;
        if (errno != EINTR) return 0;
    }
}

// Nothing if it was told to end before the database was there.
std::unique_ptr<Server> start(const fs::path& folder, const std::vector<std::string>& overrides,
                              const Adapters& adapters, const sigset_t& signals) {
    const auto deadline = std::chrono::steady_clock::now() + store_patience;
    for (;;) {
        try {
            return std::make_unique<Server>(folder, overrides, adapters);
        } catch (const StoreAway&) {
            if (std::chrono::steady_clock::now() + store_pause > deadline) throw;
        }
        siginfo_t details{};
        const auto next_try = std::chrono::steady_clock::now() + store_pause;
        const int signal = wait_for_signal(signals, details, next_try);
        if (signal == SIGTERM || signal == SIGINT) return nullptr;
    }
}

}  // namespace

int serve(const fs::path& folder, const std::vector<std::string>& overrides,
          const Adapters& adapters) {
    ::umask(0077);
    const auto signals = block_signals();
    base::MemoryReserve::fill();
    const auto server = start(folder, overrides, adapters, signals);
    if (!server) return 0;
    auto next_upkeep = std::chrono::steady_clock::now() + upkeep_interval;
    for (;;) {
        siginfo_t details{};
        const int signal = wait_for_signal(
            signals, details,
            std::min(next_upkeep, std::chrono::steady_clock::now() + look_interval));
        if (signal == SIGTERM || signal == SIGINT) return 0;
        if (signal == SIGHUP) {
            const bool is_own = details.si_code == SI_QUEUE && details.si_pid == ::getpid();
            server->reload(is_own ? Server::Asker::operator_elsewhere
                                  : Server::Asker::operator_here);
        }
        const bool was_clock_set = server->look_at_clock();
        if (signal != SIGHUP && !was_clock_set && std::chrono::steady_clock::now() < next_upkeep)
            continue;
        server->keep_up();
        next_upkeep = std::chrono::steady_clock::now() + upkeep_interval;
    }
}

}  // namespace cairn::apps
