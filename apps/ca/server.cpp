#include "apps/ca/server.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <unistd.h>

#include "admin/operator_api.h"
#include "apps/ca/audited_store.h"
#include "apps/ca/authority.h"
#include "apps/ca/authority_readiness.h"
#include "apps/ca/clock_upkeep.h"
#include "apps/ca/configuration.h"
#include "apps/ca/counting_log.h"
#include "apps/ca/issuer_files.h"
#include "apps/ca/key_files.h"
#include "apps/ca/operator_command.h"
#include "apps/ca/operator_site.h"
#include "apps/ca/perspective_register.h"
#include "apps/ca/perspective_roster.h"
#include "apps/ca/public_demands.h"
#include "apps/ca/retired_issuers.h"
#include "apps/ca/server_certificate.h"
#include "apps/ca/server_limits.h"
#include "base/log_output.h"
#include "base/rare_report.h"
#include "base/service_notice.h"
#include "crypto/digest.h"
#include "http/server.h"
#include "store/postgres/store.h"

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

constexpr base::Milliseconds drain_patience{10000};

// Where the store is, without a password.
std::string store_name(const Configuration::Store& store) {
    if (store.postgres_url.empty()) return "sqlite:" + store.sqlite_path;
    return store::postgres_name(store.postgres_url) + " schema " + store.schema;
}

}  // namespace

// The parts that last, and the authority of the present configuration.
class Server::Parts {
  public:
    Parts(fs::path folder, std::vector<std::string> overrides, const Adapters& adapters)
        : folder_(std::move(folder)),
          overrides_(std::move(overrides)),
          adapters_(adapters),
          configuration_(load_servable_configuration(folder_, overrides_, clock_.now(), adapters_)),
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
          audited_adapters_(adapters_, store_.audit->log()),
          store_watch_(*store_.repository, [this] { return loops_.next(); }),
          identity_(std::make_shared<net::TlsIdentity>()),
          clock_upkeep_(clock_, store_, *log_,
                        [this](base::Task<void> task) { run(std::move(task)); }),
          certificate_(folder_, clock_, *log_, identity_),
          retirements_(*store_.repository, [this] { return loops_.next(); }),
          roster_({.folder = folder_,
                   .clock = clock_,
                   .random = random_,
                   .log = *log_,
                   .next_executor = [this] { return loops_.next(); },
                   .audit = store_.audit->log(),
                   .in_flight = descriptors_.validations}),
          perspectives_(folder_, overrides_, clock_, roster_),
          authority_(make_authority(configuration_)),
          operator_site_(metrics_, store_watch_, folder_ / configuration_.store.sqlite_path,
                         [this] { return readiness_facts(); }) {
        run(record(ca::AuditEvent::server_start, configuration_));
        store_.audit->start(loops_.next());
        clock_upkeep_.begin(configuration_.clock.confirmed);
        roster_.put_in_force(configuration_);
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
        base::notify_service_manager("READY=1");
    }

    ~Parts() {
        base::notify_service_manager("STOPPING=1");
        log_->info("draining");
        is_draining_ = true;
        acme_->stop(drain_patience);
        if (operator_) operator_->stop(base::Milliseconds(0));
        if (local_) local_->stop(drain_patience);
        authority_.load()->stop(drain_patience);
        clock_upkeep_.keep_believed_time();
        end_audit();
        log_->info("stopped");
        log_->flush();
    }
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    bool look_at_clock() {
        follow_retirements();
        return clock_upkeep_.look();
    }
    // A configuration that cannot be used leaves the present one in force.
    void reload(Asker asker) {
        Configuration configuration;
        std::shared_ptr<Authority> fresh;
        try {
            configuration =
                load_servable_configuration(folder_, overrides_, clock_.now(), adapters_);
            fresh = make_authority(configuration);
            run(fresh->prepare());
            certificate_.refresh(configuration, *fresh, loops_.next());
            run(record(ca::AuditEvent::server_reload, configuration));
            roster_.put_in_force(configuration);
        } catch (const std::exception& error) {
            log_->error("reload failed; the former configuration stays in force",
                        {{"error", error.what()}});
            return;
        }
        put_in_force(fresh);
        if (const auto keys = keys_for_next_start(configuration_, configuration); !keys.empty())
            log_->warning("a changed setting takes effect at the next start",
                          {{"keys", joined(keys)}});
        if (configuration.clock.confirmed != configuration_.clock.confirmed)
            clock_upkeep_.confirm(configuration.clock.confirmed);
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
        roster_.keep_up();
        if (std::chrono::steady_clock::now() >= next_shortening_warning_)
            warn_of_shortening_issuers();
        clock_upkeep_.keep_believed_time();
    }

  private:
    // That the server begins, or goes on, with this configuration.
    base::Task<void> record(ca::AuditEvent event, const Configuration& configuration) {
        ca::AuditEntry entry(event);
        entry.add("program", "cairn-ca " CAIRN_VERSION).add("chain", store_.audit->chain());
        entry.add("url", std::string_view(configuration.server.public_url));
        entry.add("store", std::string_view(store_name(configuration.store)));
        entry.add("configuration", crypto::sha256(base::bytes_of(configuration.common)));
        auto recording = store_.audit->log().record(std::move(entry));
        (void)co_await std::move(recording);
    }

    void end_audit() {
        store_.audit->stop();
        const auto finish = [this]() -> base::Task<void> {
            auto recording =
                store_.audit->log().record(ca::AuditEntry(ca::AuditEvent::server_stop));
            (void)co_await std::move(recording);
            co_await store_.audit->save_head();
        };
        try {
            run(finish());
        } catch (const std::exception& error) {
            log_->warning("the audit log does not tell of the end", {{"reason", error.what()}});
        }
    }

    // From here on the new one is in force, whatever happens.
    void put_in_force(const std::shared_ptr<Authority>& fresh) {
        retired_.push_back(authority_.exchange(fresh));
        follow_up("the jobs of the former one were not ended in order",
                  [&] { retired_.back()->stop(drain_patience); });
        follow_up("jobs that wait in the store were not taken up; start the server again",
                  [&] { fresh->start(); });
    }

    // What an operator has retired or taken back, at this node or another, under the present
    // configuration. What fails is tried again.
    void follow_retirements() {
        try {
            if (auto wanted = retirements_.look()) retire_issuers(*std::move(wanted));
        } catch (const std::exception& error) {
            if (retirement_failures_.count_one() > 0)
                log_->error("which issuers are retired is not in force", {{"error", error.what()}});
        }
    }

    void retire_issuers(std::set<ca::IssuerId> wanted) {
        const auto former = retirements_.put_in_force(std::move(wanted));
        std::shared_ptr<Authority> fresh;
        try {
            fresh = make_authority(configuration_);
            run(fresh->prepare());
            certificate_.refresh(configuration_, *fresh, loops_.next());
        } catch (...) {
            (void)retirements_.put_in_force(former);
            throw;
        }
        put_in_force(fresh);
        log_->info("issuers retired or taken back", {{"issuers", issuer_names()}});
    }

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

    static std::string joined(const std::vector<std::string>& words) {
        std::string result;
        for (const auto& word : words) result += (result.empty() ? "" : " ") + word;
        return result;
    }

    OpenedStore open_store() {
        try {
            return open_audited_store(adapters_, configuration_, folder_, store_context(), clock_);
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

    std::shared_ptr<Authority> make_authority(Configuration configuration) {
        deactivate(configuration, folder_, retirements_.in_force());
        return std::make_shared<Authority>(
            configuration, folder_,
            AuthorityContext{.adapters = audited_adapters_,
                             .repository = *store_.repository,
                             .nonces = *store_.nonces,
                             .checks = *store_.checks,
                             .announcements = announcements_,
                             .clock = clock_,
                             .clock_watch = clock_upkeep_.watch(),
                             .random = random_,
                             .log = *log_,
                             .next_executor = [this] { return loops_.next(); },
                             .slow_signing = slow_signing_.get_executor(),
                             .validations_in_flight = descriptors_.validations,
                             .observer = metrics_,
                             .request_observer = metrics_,
                             .audit = store_.audit->log(),
                             .perspectives = &roster_});
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
            return handle_operator(std::move(request));
        };
        try {
            local_ = std::make_unique<http::Server>(loops_, *log_, std::move(options));
            local_->start();
        } catch (const std::exception& error) {
            local_.reset();
            log_->warning("there is no operator's socket", {{"error", error.what()}});
        }
    }

    // What `cairn-ca check` asks a server that it finds running.
    base::Task<http::Response> handle_operator(http::Request request) {
        if (request.path() != "/readiness") return operator_api_.handle(std::move(request));
        request.target = "/readyz";
        return operator_site_.handle(std::move(request));
    }

    admin::Context operator_context(std::string name) {
        auto repository = store_.repository->on_behalf_of({.operator_name = name});
        return {
            .repository = *repository,
            .clock = clock_,
            .random = random_,
            .log = *log_,
            .operator_name = std::move(name),
            .profiles = authority_.load()->profiles().all(),
            .limits = authority_.load()->limits(),
            .usual_limits = ca::default_limits(configuration_.policy.kind),
            .request_limits = authority_.load()->request_limits(),
            .usual_request_limits = ca::default_request_limits(configuration_.policy.kind),
            .issuers = [authority = authority_.load()] { return names_of(authority->issuers()); },
            .configured_issuers =
                [authority = authority_.load()] {
                    return configured_issuers(authority->issuers());
                },
            .observer = &metrics_,
            .audit = store_.audit->log(),
            .perspectives = &perspectives_,
            .owner = repository};
    }

    ReadinessFacts readiness_facts() {
        ReadinessFacts facts{.now = clock_.now(),
                             .clock = clock_upkeep_.watch().deviations(),
                             .draining = is_draining_};
        add_authority(*authority_.load(), facts);
        facts.certificates.push_back({ReadinessFacts::Certificate::Role::server,
                                      "server",
                                      certificate_.not_before(),
                                      certificate_.not_after(),
                                      {}});
        facts.waiting_issuers = metrics_.waiting_issuers();
        if (store_.shared != nullptr)
            facts.differing_nodes = store_.shared->health().differing_nodes;
        return facts;
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
    const AuditedAdapters audited_adapters_;
    StoreWatch store_watch_;
    std::shared_ptr<net::TlsIdentity> identity_;
    ClockUpkeep clock_upkeep_;
    ServerCertificate certificate_;
    RetirementWatch retirements_;
    PerspectiveRoster roster_;
    FolderPerspectives perspectives_;
    base::RareReport retirement_failures_;
    std::atomic<std::shared_ptr<Authority>> authority_;
    std::vector<std::shared_ptr<Authority>> retired_;
    std::chrono::steady_clock::time_point next_shortening_warning_;
    std::atomic<bool> is_draining_ = false;
    OperatorSite operator_site_;
    const admin::OperatorApi operator_api_{
        [this](std::string name) { return operator_context(std::move(name)); }};
    std::unique_ptr<http::Server> acme_, operator_, local_;
};

Server::Server(const fs::path& folder, const std::vector<std::string>& overrides,
               const Adapters& adapters)
    : parts_(std::make_unique<Parts>(folder, overrides, adapters)) {}

Server::~Server() = default;

void Server::reload(Asker asker) {
    parts_->reload(asker);
}

void Server::keep_up() {
    parts_->keep_up();
}

bool Server::look_at_clock() {
    return parts_->look_at_clock();
}

}  // namespace cairn::apps
