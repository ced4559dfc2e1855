#include "bench/store_load.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <future>
#include <iterator>
#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "bench/fast_random.h"
#include "net/event_loops.h"

namespace {

std::atomic<long> sync_calls = 0;

}  // namespace

// Stands before that of the C library, so that SQLite's calls are counted.
extern "C" int fdatasync(int file) {
    ++sync_calls;
    return static_cast<int>(::syscall(SYS_fdatasync, file));
}

namespace cairn::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

double milliseconds_since(SteadyClock::time_point begun) {
    return std::chrono::duration<double, std::milli>(SteadyClock::now() - begun).count();
}

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The number behind `label` in a file of /proc.
double labelled(const char* path, const std::string& label) {
    std::ifstream file(path);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto at = text.find(label);
    return at == std::string::npos ? 0 : std::stod(text.substr(at + label.size()));
}

void require(bool holds, const char* what) {
    if (!holds) throw std::runtime_error(std::string("the store refused: ") + what);
}

base::Time now() {
    return std::chrono::floor<base::Seconds>(std::chrono::system_clock::now());
}

/// One client's calls, run on one executor.
class StoreClient {
  public:
    StoreClient(ca::Repository& store, std::size_t number) : store_(store), number_(number) {}

    base::Task<void> register_account() {
        const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
        ca::Account account{.id = ca::AccountId::fresh(now(), random_),
                            .key = protocol::Jwk::of(key.public_key()),
                            .contacts = {},
                            .created = now(),
                            .terms_agreed = std::nullopt,
                            .deactivated = std::nullopt};
        account_ = account.id;
        (void)co_await store_.create_account(std::move(account));
    }

    base::Task<void> work(std::atomic<long>& left) {
        while (left.fetch_sub(1) > 0) {
            const auto begun = SteadyClock::now();
            co_await order();
            order_latencies.push_back(milliseconds_since(begun));
        }
    }

    std::vector<double> write_latencies, order_latencies;

  private:
    template <class T>
    base::Task<T> timed(base::Task<T> write) {
        const auto begun = SteadyClock::now();
        if constexpr (std::is_void_v<T>) {
            co_await std::move(write);
            write_latencies.push_back(milliseconds_since(begun));
        } else {
            T result = co_await std::move(write);
            write_latencies.push_back(milliseconds_since(begun));
            co_return result;
        }
    }

    base::Task<void> order() {
        auto [order, proof] = make_order();
        // newOrder
        co_await find_account();
        std::vector fresh{proof};
        const ca::OrderStore::Reuse reuse{.finished_after = now() - std::chrono::hours(240),
                                          .finished_by = now(),
                                          .lapsing_after = now()};
        auto creation = store_.create_order(order, std::move(fresh), reuse);
        const auto placement = co_await timed(std::move(creation));
        require(!placement.reused.at(0), "there is no proof yet");
        // The authorization and its challenge.
        co_await find_account();
        co_await find_proof(proof.id);
        co_await find_account();
        co_await find_proof(proof.id);
        ca::ValidationAttempt attempt{protocol::ChallengeType::http_01, now(), now(), std::nullopt};
        auto validated =
            store_.finish_validation(proof.id, std::move(attempt), now() + std::chrono::hours(240));
        const auto end = co_await timed(std::move(validated));
        require(end.is_recorded, "the validation ends");
        // Finalize, and the issuance.
        co_await find_account();
        co_await view(order.id);
        const auto key = random_.array<crypto::Sha256Digest>();
        const auto intent = make_intent();
        const ca::OrderStore::RequestedKey requested{.id = key, .thumbprint = key};
        auto issuance = store_.begin_issuance(order.id, intent, requested);
        const auto beginning = co_await timed(std::move(issuance));
        require(beginning == ca::OrderStore::IssuanceBeginning::begun, "the issuance begins");
        auto certificate = make_certificate(order, intent, key);
        auto completion = store_.complete_issuance(order.id, std::move(certificate));
        require(co_await timed(std::move(completion)), "the issuance ends");
        // The download.
        co_await find_account();
        const auto issued = co_await store_.find_download(intent.serial);
        require(issued.has_value(), "the certificate is there");
    }

    base::Task<void> find_proof(ca::AuthorizationId id) {
        const auto proof = co_await store_.find_authorization(id);
        require(proof.has_value(), "the authorization is there");
    }
    base::Task<void> find_account() {
        const auto account = co_await store_.find_account(*account_);
        require(account.has_value(), "the account is there");
    }
    base::Task<void> view(ca::OrderId id) {
        const auto found = co_await store_.find_order_and_proofs(id);
        require(found.has_value(), "the order is there");
    }

    std::pair<ca::Order, ca::Authorization> make_order() {
        using namespace std::chrono_literals;
        using enum protocol::ChallengeType;
        const auto moment =
            std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
        const auto name = "host-" + std::to_string(number_) + "-" + std::to_string(++orders_) +
                          ".customers.example.com";
        ca::Authorization proof{.id = ca::AuthorizationId::fresh(moment, random_),
                                .account = *account_,
                                .identifier = protocol::Identifier::dns(name).value(),
                                .created = now(),
                                .expires = now() + 168h,
                                .token = protocol::Token::random(random_),
                                .offered = {http_01, dns_01, tls_alpn_01},
                                .attempt = std::nullopt,
                                .deactivated = std::nullopt};
        ca::Order order{.id = ca::OrderId::fresh(moment, random_),
                        .account = *account_,
                        .created = now(),
                        .expires = now() + 168h,
                        .identifiers = {proof.identifier},
                        .authorizations = {proof.id},
                        .profile = "default",
                        .not_before = std::nullopt,
                        .not_after = std::nullopt,
                        .intent = std::nullopt,
                        .completed = std::nullopt,
                        .problem = std::nullopt};
        return {std::move(order), std::move(proof)};
    }
    ca::IssuanceIntent make_intent() {
        return {.begun = now(),
                .csr = random_.octets(280),
                .serial = pki::SerialNumber::dated(now(), random_),
                .validity = {now() - std::chrono::hours(1), now() + std::chrono::hours(90 * 24)}};
    }
    ca::IssuedCertificate make_certificate(const ca::Order& order, const ca::IssuanceIntent& intent,
                                           const crypto::Sha256Digest& key) {
        return {.serial = intent.serial,
                .der = random_.octets(720),
                .issuer = issuer_,
                .key = key,
                .not_after = intent.validity.not_after,
                .account = order.account,
                .order = order.id,
                .issued = now(),
                .revocation = std::nullopt};
    }

    ca::Repository& store_;
    FastRandom random_;
    const std::size_t number_;
    const ca::IssuerId issuer_{};
    std::optional<ca::AccountId> account_;
    long orders_ = 0;
};

}  // namespace

StoreCost load_store(const OpenStore& open, std::size_t clients, long certificates) {
    StoreCost cost;
    cost.certificates = certificates;
    const auto log = base::open_log("-", base::LogLevel::warning);
    net::EventLoops loops(2);
    const auto await = [&](std::size_t loop, base::Task<void> task) {
        return boost::asio::co_spawn(loops.executor(loop % loops.count()), std::move(task),
                                     boost::asio::use_future);
    };

    const auto opened = SteadyClock::now();
    std::vector<base::Executor> executors;
    for (std::size_t i = 0; i < loops.count(); ++i) executors.push_back(loops.executor(i));
    const auto store = open(executors, *log);
    const auto first_answer = [&]() -> base::Task<void> {
        (void)co_await store->claim_unfinished_validations(1000);
        (void)co_await store->claim_unfinished_issuances(1000);
    };
    await(0, first_answer()).get();
    cost.open_seconds = milliseconds_since(opened) / 1e3;

    std::vector<std::unique_ptr<StoreClient>> all;
    for (std::size_t i = 0; i < clients; ++i) {
        all.push_back(std::make_unique<StoreClient>(*store, i));
        await(i, all.back()->register_account()).get();
    }
    std::atomic<long> left = certificates;
    const double cpu_before = cpu_seconds();
    const double written_before = labelled("/proc/self/io", "\nwrite_bytes: ");
    const long syncs_before = sync_calls;
    const auto begun = SteadyClock::now();
    std::vector<std::future<void>> running;
    for (std::size_t i = 0; i < clients; ++i) running.push_back(await(i, all[i]->work(left)));
    for (auto& each : running) each.get();
    cost.seconds = milliseconds_since(begun) / 1e3;
    cost.cpu_seconds = cpu_seconds() - cpu_before;
    cost.written_octets = labelled("/proc/self/io", "\nwrite_bytes: ") - written_before;
    cost.syncs = static_cast<double>(sync_calls - syncs_before);
    cost.resident_mebibytes = labelled("/proc/self/status", "VmRSS:") / 1024;
    for (const auto& client : all) {
        std::ranges::copy(client->write_latencies, std::back_inserter(cost.write_latencies));
        std::ranges::copy(client->order_latencies, std::back_inserter(cost.order_latencies));
    }
    std::ranges::sort(cost.write_latencies);
    std::ranges::sort(cost.order_latencies);
    return cost;
}

}  // namespace cairn::bench
