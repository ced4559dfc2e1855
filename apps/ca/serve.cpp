#include "apps/ca/serve.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <iostream>
#include <stdexcept>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/operator_api.h"
#include "apps/ca/authority.h"
#include "apps/ca/configuration.h"
#include "apps/ca/counting_log.h"
#include "apps/ca/descriptor_shares.h"
#include "apps/ca/files.h"
#include "apps/ca/key_files.h"
#include "apps/ca/memory.h"
#include "apps/ca/operator_command.h"
#include "apps/ca/operator_site.h"
#include "apps/ca/server_certificate.h"
#include "apps/ca/service_notice.h"
#include "base/log_output.h"
#include "base/memory_reserve.h"
#include "crypto/digest.h"
#include "http/server.h"
#include "store/postgres/store.h"

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

constexpr base::Milliseconds drain_patience{10000};
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

// As many descriptors as the system lets us have: one for each connection, and some for ourselves.
std::size_t descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

// A client gets a share of the connections, and of a part of the memory.
http::Limits connection_limits(std::size_t connections, const Configuration& configuration) {
    http::Limits limits;
    limits.connections = connections;
    limits.connections_per_client = std::min(configuration.server.connections_per_client,
                                             std::max<std::size_t>(1, limits.connections / 2));
    limits.octets = std::min(limits.octets, memory_allowance() / 4);
    limits.octets_per_client = limits.octets / 8;
    return limits;
}

std::size_t loop_count(const Configuration& configuration) {
    if (configuration.server.threads != 0) return configuration.server.threads;
    return std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

DescriptorShares descriptor_shares(const Configuration& configuration) {
    const bool is_shared = !configuration.store.postgres_url.empty();
    return share_descriptors(
        descriptor_limit(),
        is_shared ? configuration.store.connections * loop_count(configuration) : 0);
}

// Where the store is, without a password.
std::string store_name(const Configuration::Store& store) {
    if (store.postgres_url.empty()) return "sqlite:" + store.sqlite_path;
    return store::postgres_name(store.postgres_url) + " schema " + store.schema;
}

/// There is no store yet; the log says so.
class StoreAway : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// A running CA: the parts that last, and the authority of the present configuration.
class Server {
  public:
    Server(fs::path folder, std::vector<std::string> overrides, const Adapters& adapters)
        : folder_(std::move(folder)),
          overrides_(std::move(overrides)),
          adapters_(adapters),
          configuration_(load_configuration(folder_, overrides_, clock_.now())),
          descriptors_(descriptor_shares(configuration_)),
          log_(std::make_unique<CountingLog>(
              base::open_log(configuration_.log.file, configuration_.log.level,
                             configuration_.log.format.value_or(
                                 base::usual_log_format(configuration_.log.file)),
                             [this] { metrics_.log_line_lost(); }),
              configuration_.log.level, metrics_)),
          loops_(loop_count(configuration_)),
          slow_signing_(loop_count(configuration_)),
          store_(open_store()),
          store_watch_(*store_.repository, [this] { return loops_.next(); }),
          identity_(std::make_shared<net::TlsIdentity>()),
          clock_watch_([this] { return database_clock(); }),
          certificate_(folder_, clock_, *log_, identity_),
          authority_(make_authority(configuration_)),
          operator_site_(metrics_, store_watch_, folder_ / configuration_.store.sqlite_path,
                         [this] { return readiness_facts(); }) {
        begin_clock_watch();
        run(authority_.load()->prepare());
        certificate_.refresh(configuration_, *authority_.load(), loops_.next());
        report_configuration();
        warn_of_shortening_issuers();
        authority_.load()->start();
        acme_ = std::make_unique<http::Server>(loops_, *log_, acme_options());
        if (!configuration_.server.admin_listen.empty())
            operator_ = std::make_unique<http::Server>(loops_, *log_, operator_options());
        acme_->start();
        if (operator_) operator_->start();
        open_operator_socket();
        log_->info("serving", {{"version", CAIRN_VERSION},
                               {"directory", configuration_.server.public_url + "/directory"},
                               {"listen", joined(acme_->addresses())},
                               {"store", store_name(configuration_.store)},
                               {"issuers", issuer_names()}});
        warn_of_keys();
        notify_service_manager("READY=1");
    }

    ~Server() {
        notify_service_manager("STOPPING=1");
        log_->info("draining");
        is_draining_ = true;
        acme_->stop(drain_patience);
        if (operator_) operator_->stop(base::Milliseconds(0));
        if (local_) local_->stop(drain_patience);
        authority_.load()->stop(drain_patience);
        keep_believed_time();
        log_->info("stopped");
        log_->flush();
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    enum class Asker { operator_here, operator_elsewhere };
    // A configuration that cannot be used leaves the present one in force.
    void reload(Asker asker) {
        Configuration configuration;
        std::shared_ptr<Authority> fresh;
        try {
            configuration = load_configuration(folder_, overrides_, clock_.now());
            fresh = make_authority(configuration);
            run(fresh->prepare());
            certificate_.refresh(configuration, *fresh, loops_.next());
        } catch (const std::exception& error) {
            log_->error("reload failed; the former configuration stays in force",
                        {{"error", error.what()}});
            return;
        }
        // From here on the new one is in force, whatever happens.
        retired_.push_back(authority_.exchange(fresh));
        follow_up("the jobs of the former one were not ended in order",
                  [&] { retired_.back()->stop(drain_patience); });
        follow_up("jobs that wait in the store were not taken up; start the server again",
                  [&] { fresh->start(); });
        warn_of_lasting_keys(configuration);
        take_confirmation(configuration);
        configuration_ = std::move(configuration);
        warn_of_shortening_issuers();
        log_->info("configuration reloaded", {{"issuers", issuer_names()}});
        follow_up("its files of keys could not be looked at", [&] { warn_of_keys(); });
        follow_up("the other nodes do not know yet", [&] {
            if (store_.shared != nullptr && asker == Asker::operator_here)
                store_.shared->announce_reload();
            report_configuration();
        });
    }

    void keep_up() {
        // An authority goes once the last request that began under it has ended.
        std::erase_if(retired_, [](const auto& former) { return former.use_count() == 1; });
        certificate_.keep_up(configuration_, *authority_.load(), loops_.next());
        if (std::chrono::steady_clock::now() >= next_shortening_warning_)
            warn_of_shortening_issuers();
        keep_believed_time();
    }

    // Every few seconds. True if the clock was set: then it is time for the upkeep.
    bool look_at_clock() {
        const bool was_set = clock_watch_.look();
        const bool is_believed = clock_watch_.is_believed();
        if (is_believed != was_believed_) report_clock();
        was_believed_ = is_believed;
        return was_set;
    }

  private:
    // A step after the new configuration came into force.
    template <class Step>
    void follow_up(const char* consequence, Step step) {
        try {
            step();
        } catch (const std::exception& error) {
            log_->error(std::string("the new configuration is in force, but ") + consequence,
                        {{"error", error.what()}});
        }
    }

    void warn_of_shortening_issuers() {
        next_shortening_warning_ = std::chrono::steady_clock::now() + std::chrono::hours(24);
        for (const auto& text : shortening_issuers(readiness_facts()))
            log_->warning("an issuer cuts short what it issues", {{"detail", text}});
    }

    std::optional<ca::ClockWatch::Point> database_clock() const {
        if (store_.shared == nullptr) return std::nullopt;
        return store_.shared->clock_offset();
    }

    void begin_clock_watch() {
        std::optional<base::Time> latest;
        const auto find = [&]() -> base::Task<void> {
            latest = co_await store_.repository->believed_time();
        };
        run(find());
        clock_watch_.begin(latest);
        if (configuration_.clock.confirmed) clock_watch_.confirm(*configuration_.clock.confirmed);
        look_at_clock();
        keep_believed_time();
    }

    // What was said before is not said of the clock as it is now.
    void take_confirmation(const Configuration& fresh) {
        const auto& confirmed = fresh.clock.confirmed;
        if (confirmed && confirmed != configuration_.clock.confirmed)
            clock_watch_.confirm(*confirmed);
    }

    void report_clock() {
        bool is_believed = true;
        for (const auto& deviation : clock_watch_.deviations()) {
            const auto finding = clock_finding(deviation, clock_.now());
            if (!finding) continue;
            is_believed = false;
            log_->warning("the clock is not believed", {{"detail", *finding}});
        }
        if (is_believed) log_->info("the clock is believed");
    }

    // What is missed is made up for a minute later.
    void keep_believed_time() {
        const auto time = clock_watch_.believed_time();
        const bool is_store_away =
            store_.shared != nullptr && !store_.shared->health().is_reachable;
        if (!time || is_store_away) return;
        try {
            run(store_.repository->keep_believed_time(*time));
        } catch (const std::exception& error) {
            log_->warning("the time could not be kept in the store", {{"error", error.what()}});
        }
    }

    static std::string joined(const std::vector<std::string>& words) {
        std::string result;
        for (const auto& word : words) result += (result.empty() ? "" : " ") + word;
        return result;
    }

    OpenedStore open_store() {
        try {
            return adapters_.open_store(configuration_, folder_, store_context());
        } catch (const ca::StoreFailure& error) {
            log_->warning("the database is away", {{"error", error.what()}});
            throw StoreAway(error.what());
        } catch (const std::exception& error) {
            // It does not pass by itself, so it is not waited for.
            log_->error("the store cannot be used", {{"error", error.what()}});
            throw;
        }
    }

    [[nodiscard]] std::string issuer_names() const {
        std::vector<std::string> names;
        for (const auto& issuer : authority_.load()->issuers().all())
            names.push_back(issuer.name() + (issuer.use().active ? "" : " (inactive)"));
        return joined(names);
    }

    void warn_of_keys() const {
        for (const auto& [kind, file] : findings_of_keys(folder_, configuration_)) {
            if (kind == KeyFinding::Kind::root_key)
                log_->warning("the root's key is on the server",
                              {{"file", file.string()},
                               {"advice",
                                "the server does not need it: move it to a safe place "
                                "offline"}});
            else
                log_->warning("others can read a private key",
                              {{"file", file.string()}, {"advice", "chmod 600 " + file.string()}});
        }
    }

    StoreContext store_context() {
        StoreContext context{
            .executors = {},
            .log = *log_,
            .observer = metrics_,
            .random = random_,
            .on_change = [this](const std::string& id) { announcements_.announce(id); },
            // The main thread reloads, and tells this signal from the operator's.
            .on_reload = [] { ::sigqueue(::getpid(), SIGHUP, {}); }};
        for (std::size_t i = 0; i < loops_.count(); ++i)
            context.executors.push_back(loops_.executor(i));
        return context;
    }

    // So that nodes with another configuration or other issuers are noticed.
    void report_configuration() {
        if (store_.shared == nullptr) return;
        auto text = configuration_.common;
        const auto authority = authority_.load();
        for (const auto& issuer : authority->issuers().all()) text += base::to_hex(issuer.id());
        store_.shared->report_configuration(base::to_hex(crypto::sha256(base::bytes_of(text))));
    }

    void run(base::Task<void> task) {
        boost::asio::co_spawn(loops_.next(), std::move(task), boost::asio::use_future).get();
    }

    std::shared_ptr<Authority> make_authority(const Configuration& configuration) {
        return std::make_shared<Authority>(
            configuration, folder_,
            AuthorityContext{.adapters = adapters_,
                             .repository = *store_.repository,
                             .nonces = *store_.nonces,
                             .checks = *store_.checks,
                             .announcements = announcements_,
                             .clock = clock_,
                             .clock_watch = clock_watch_,
                             .random = random_,
                             .log = *log_,
                             .next_executor = [this] { return loops_.next(); },
                             .slow_signing = slow_signing_.get_executor(),
                             .validations_in_flight = descriptors_.validations,
                             .observer = metrics_,
                             .request_observer = metrics_});
    }

    http::Server::Options acme_options() {
        http::Server::Options options;
        options.listen = configuration_.server.listen;
        options.tls = identity_;
        options.access_log = configuration_.log.access;
        options.limits = connection_limits(descriptors_.connections, configuration_);
        options.trusted_proxies = configuration_.server.trusted_proxies;
        options.observer = &metrics_;
        options.handler = [this](http::Request request) -> base::Task<http::Response> {
            const auto authority = authority_.load();
            co_return co_await authority->handle(std::move(request));
        };
        options.plain_handler = [this](http::Request request) -> base::Task<http::Response> {
            const auto authority = authority_.load();
            co_return co_await authority->handle_plain(std::move(request));
        };
        options.refuser = [this](const http::Request& understood, const http::Refusal& refusal) {
            return authority_.load()->refuse(understood, refusal);
        };
        return options;
    }

    http::Server::Options operator_options() {
        http::Server::Options options;
        options.listen = {configuration_.server.admin_listen};
        options.access_log = false;
        options.limits.connections = descriptors_.operator_connections;
        options.trusted_proxies = configuration_.server.trusted_proxies;
        options.handler = [this](http::Request request) {
            return operator_site_.handle(std::move(request));
        };
        return options;
    }

    // The CA serves without it, too: a path may be too long for a socket.
    void open_operator_socket() {
        http::Server::Options options;
        options.local_path = operator_socket(folder_).string();
        options.access_log = false;
        options.limits.connections = descriptors_.operator_connections;
        options.limits.body = std::size_t{1} << 20U;
        options.handler = [this](http::Request request) {
            return operator_api_.handle(std::move(request));
        };
        try {
            local_ = std::make_unique<http::Server>(loops_, *log_, std::move(options));
            local_->start();
        } catch (const std::exception& error) {
            local_.reset();
            log_->warning("there is no operator's socket", {{"error", error.what()}});
        }
    }

    admin::Context operator_context(std::string name) {
        return {.repository = *store_.repository,
                .clock = clock_,
                .random = random_,
                .log = *log_,
                .operator_name = std::move(name)};
    }

    ReadinessFacts readiness_facts() {
        using Role = ReadinessFacts::Certificate::Role;
        const auto authority = authority_.load();
        ReadinessFacts facts{
            .now = clock_.now(), .clock = clock_watch_.deviations(), .draining = is_draining_};
        for (const auto& issuer : authority->issuers().all()) {
            if (!issuer.use().active) continue;
            facts.certificates.push_back({Role::issuer, issuer.name(), issuer.validity().not_before,
                                          issuer.validity().not_after,
                                          authority->longest_life(issuer, facts.now)});
        }
        facts.certificates.push_back(
            {Role::server, "server", certificate_.not_before(), certificate_.not_after(), {}});
        if (store_.shared != nullptr)
            facts.differing_nodes = store_.shared->health().differing_nodes;
        return facts;
    }

    void warn_of_lasting_keys(const Configuration& fresh) const {
        const auto& present = configuration_;
        if (fresh.server.listen != present.server.listen ||
            fresh.server.admin_listen != present.server.admin_listen ||
            fresh.server.threads != present.server.threads ||
            !std::ranges::equal(fresh.server.trusted_proxies, present.server.trusted_proxies, {},
                                &base::IpNetwork::to_string, &base::IpNetwork::to_string) ||
            fresh.server.connections_per_client != present.server.connections_per_client ||
            fresh.store.sqlite_path != present.store.sqlite_path ||
            fresh.store.postgres_url != present.store.postgres_url ||
            fresh.store.schema != present.store.schema ||
            fresh.store.connections != present.store.connections ||
            fresh.log.file != present.log.file || fresh.log.level != present.log.level ||
            fresh.log.format != present.log.format || fresh.log.access != present.log.access)
            log_->warning("a changed setting takes effect at the next start",
                          {{"one_of",
                            "server.listen, server.admin_listen, server.threads, "
                            "server.trusted_proxies, server.connections_per_client, store, log"}});
    }

    const fs::path folder_;
    const std::vector<std::string> overrides_;
    const Adapters& adapters_;
    base::SystemClock clock_;
    crypto::SystemRandom system_random_;
    crypto::DrawnRandom random_{system_random_};
    Configuration configuration_;
    const DescriptorShares descriptors_;
    // Everything below tells it what happens.
    Metrics metrics_;
    std::unique_ptr<base::Log> log_;
    // The store's writer wakes tasks on the loops, so they outlive it.
    net::EventLoops loops_;
    boost::asio::thread_pool slow_signing_;
    base::Announcements announcements_;
    OpenedStore store_;
    StoreWatch store_watch_;
    std::shared_ptr<net::TlsIdentity> identity_;
    ca::ClockWatch clock_watch_;
    bool was_believed_ = true;
    ServerCertificate certificate_;
    std::atomic<std::shared_ptr<Authority>> authority_;
    std::vector<std::shared_ptr<Authority>> retired_;
    std::chrono::steady_clock::time_point next_shortening_warning_;
    std::atomic<bool> is_draining_ = false;
    OperatorSite operator_site_;
    const admin::OperatorApi operator_api_{
        [this](std::string name) { return operator_context(std::move(name)); }};
    std::unique_ptr<http::Server> acme_, operator_, local_;
};

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
