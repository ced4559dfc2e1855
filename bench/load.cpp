#include "bench/load.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/format.h>

#include "bench/acme_connection.h"
#include "bench/load_client.h"
#include "bench/responders.h"

namespace cairn::bench {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto glance = 20ms;
/// How often the server is held still to see what cryptography costs, and how long it takes until
/// the clients have nothing to do.
constexpr auto between_quiet_moments = 300ms;
constexpr auto until_quiet = 5ms;
constexpr long memory_samples = 60;
constexpr std::size_t most_loops = 2;

/// Clients at work, each on its own, until all certificates are there.
class Crowd {
  public:
    Crowd(const Scenario& scenario, LoadTarget& target, std::size_t loops)
        : loops_(loops), clients_(scenario.clients) {
        for (std::size_t i = 0; i < scenario.clients; ++i)
            clients_[i].client = std::make_unique<LoadClient>(target, i);
    }
    ~Crowd() { running_.close(0ms); }
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    /// Each makes an account and obtains a certificate that no latency is noted of.
    void begin() {
        working_ = clients_.size();
        for (std::size_t i = 0; i < clients_.size(); ++i)
            running_.spawn(loops_.executor(i % loops_.count()), prepare(clients_[i]));
    }
    /// All work until there are so many certificates.
    void obtain(long certificates) {
        left_ = certificates;
        obtained_ = 0;
        working_ = clients_.size();
        for (std::size_t i = 0; i < clients_.size(); ++i)
            running_.spawn(loops_.executor(i % loops_.count()), work(clients_[i]));
    }

    [[nodiscard]] long obtained() const { return obtained_; }
    [[nodiscard]] bool is_done() const { return working_ == 0; }
    [[nodiscard]] std::string failure() const {
        const std::scoped_lock lock(mutex_);
        return failure_;
    }
    [[nodiscard]] std::size_t requests() const {
        std::size_t sum = 0;
        for (const auto& member : clients_) sum += member.client->requests();
        return sum;
    }
    [[nodiscard]] std::vector<double> sorted_latencies() const {
        std::vector<double> all;
        for (const auto& member : clients_)
            all.insert(all.end(), member.latencies.begin(), member.latencies.end());
        std::ranges::sort(all);
        return all;
    }

  private:
    struct Member {
        std::unique_ptr<LoadClient> client;
        std::vector<double> latencies;
    };

    // A client that fails does no more: a server that refuses must not be hammered.
    base::Task<void> work(Member& member) {
        try {
            while (left_.fetch_sub(1) > 0) {
                member.latencies.push_back(co_await member.client->obtain());
                ++obtained_;
            }
        } catch (const std::exception& error) {
            note(error.what());
        }
        --working_;
    }

    base::Task<void> prepare(Member& member) {
        try {
            co_await member.client->register_account();
            static_cast<void>(co_await member.client->obtain());
            ++obtained_;
        } catch (const std::exception& error) {
            note(error.what());
        }
        --working_;
    }

    void note(const std::string& failure) {
        const std::scoped_lock lock(mutex_);
        if (failure_.empty()) failure_ = failure;
    }

    net::EventLoops loops_;
    std::vector<Member> clients_;
    std::atomic<long> left_ = 0, obtained_ = 0;
    std::atomic<std::size_t> working_ = 0;
    mutable std::mutex mutex_;
    std::string failure_;
    base::TaskGroup running_{[](const std::exception_ptr&) {}};
};

struct Stuck : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Waits until the crowd is done. `at_glance` is called now and then. Throws Stuck if nothing comes
/// for too long.
template <class AtGlance>
void wait_for(const Crowd& crowd, base::Milliseconds patience, AtGlance at_glance) {
    long seen = crowd.obtained();
    auto changed = steady_clock::now();
    while (!crowd.is_done()) {
        std::this_thread::sleep_for(glance);
        at_glance();
        if (const long obtained = crowd.obtained(); obtained != seen) {
            seen = obtained;
            changed = steady_clock::now();
        }
        if (steady_clock::now() - changed > patience)
            throw Stuck(fmt::format("stuck after {} certificates", seen));
    }
}

/// Stops the server, so that all clients fail and end.
void break_off(const Crowd& crowd, Authority& authority) {
    authority.stop();
    while (!crowd.is_done()) std::this_thread::sleep_for(glance);
}

/// A server with its clients, ready to be measured.
class Run {
  public:
    Run(const Scenario& scenario, const LoadSettings& settings)
        : scenario_(scenario),
          settings_(settings),
          responders_(board_),
          authority_(start_authority({.kind = scenario.server,
                                      .ports = ValidationPorts{.http = responders_.http_port(),
                                                               .dns = responders_.dns_port(),
                                                               .tls = responders_.tls_port()},
                                      .program = settings.program,
                                      .work_folder = settings.work_folder,
                                      .store_file = settings.store_file,
                                      .filled_certificates = settings.filled_certificates})),
          target_({.port = authority_->port(),
                   .root_file = authority_->root_file().string(),
                   .connections = scenario.connections,
                   .challenge = scenario.challenge,
                   .names = scenario.names,
                   .orders_alone = authority_->orders_must_be_alone()},
                  fetch_directory(authority_->directory_url(), authority_->root_file().string()),
                  board_, clock_),
          crowd_(scenario, target_,
                 std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, most_loops)) {
        crowd_.begin();
        try {
            wait_for(crowd_, settings.stall_patience, [] {});
        } catch (const Stuck&) {
            break_off(crowd_, *authority_);
            throw;
        }
        if (const auto failure = crowd_.failure(); !failure.empty())
            throw std::runtime_error("no client could begin: " + failure);
    }

    Measurement measure() {
        Measurement result;
        result.scenario = scenario_;
        const auto requests = crowd_.requests();
        std::vector<CryptoFloor> floors{measure_crypto_floor()};
        VerificationsMeanwhile verifications;
        const auto usage = authority_->usage();
        const auto database = authority_->database_usage();
        const auto syncs = authority_->syncs();
        const auto begun = clock_.now();
        auto last_quiet = begun;
        crowd_.obtain(scenario_.certificates);
        try {
            wait_for(crowd_, settings_.stall_patience, [&] {
                note_memory(result.memory);
                verifications.observe();
                if (clock_.now() - last_quiet < between_quiet_moments) return;
                floors.push_back(measure_held());
                last_quiet = clock_.now();
            });
        } catch (const Stuck& stuck) {
            result.remark = stuck.what();
        }
        const std::chrono::duration<double> taken = clock_.now() - begun;
        const auto usage_after = authority_->usage();
        result.verification_meanwhile = verifications.mean();
        result.seconds = taken.count();
        result.cpu_seconds = usage_after.cpu_seconds - usage.cpu_seconds;
        result.written_octets = usage_after.written_octets - usage.written_octets;
        result.resident_mebibytes = usage_after.resident_mebibytes;
        if (const auto after = authority_->database_usage(); after && database) {
            result.database_cpu_seconds = after->cpu_seconds - database->cpu_seconds;
            result.written_octets += after->written_octets - database->written_octets;
        }
        if (syncs) result.syncs = *authority_->syncs() - *syncs;
        if (!result.remark.empty()) break_off(crowd_, *authority_);
        floors.push_back(measure_crypto_floor());
        result.floor = mean(floors);
        result.requests = crowd_.requests() - requests;
        result.latencies = crowd_.sorted_latencies();
        if (result.remark.empty()) result.remark = crowd_.failure();
        result.complete = result.remark.empty();
        return result;
    }

  private:
    // In the middle of the load, but with nothing going on: the clients wait for the server.
    CryptoFloor measure_held() {
        clock_.hold();
        authority_->hold();
        std::this_thread::sleep_for(until_quiet);
        const auto floor = measure_crypto_floor();
        authority_->go_on();
        clock_.go_on();
        return floor;
    }

    void note_memory(std::vector<MemorySample>& samples) const {
        const long step = std::max(1L, scenario_.certificates / memory_samples);
        const long obtained = crowd_.obtained();
        if (!samples.empty() && obtained < samples.back().orders + step) return;
        samples.push_back(
            {.orders = obtained, .mebibytes = authority_->usage().resident_mebibytes});
    }

    Scenario scenario_;
    LoadSettings settings_;
    LoadClock clock_;
    ChallengeBoard board_;
    Responders responders_;
    std::unique_ptr<Authority> authority_;
    LoadTarget target_;
    Crowd crowd_;
};

}  // namespace

Measurement measure(const Scenario& scenario, const LoadSettings& settings) {
    Measurement result;
    result.scenario = scenario;
    result.complete = false;
    for (int attempt = 1; attempt <= 1 + settings.repetitions; ++attempt) {
        std::string earlier = result.remark;
        try {
            Run run(scenario, settings);
            result = run.measure();
        } catch (const Stuck& stuck) {
            result.remark = std::string(stuck.what()) + " while beginning";
        }
        if (result.complete) {
            if (attempt > 1)
                result.remark = fmt::format("at attempt {}; before: {}", attempt, earlier);
            return result;
        }
        if (attempt == 1 + settings.repetitions && attempt > 1)
            result.remark = fmt::format("{} attempts; the last: {}", attempt, result.remark);
    }
    return result;
}

}  // namespace cairn::bench
