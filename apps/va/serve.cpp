#include "apps/va/serve.h"

#include <algorithm>
#include <csignal>
#include <memory>
#include <thread>

#include <sys/resource.h>
#include <sys/stat.h>

#include "apps/perspective/network_validator.h"
#include "apps/va/configuration.h"
#include "apps/va/identity.h"
#include "apps/va/open_mpic_service.h"
#include "apps/va/perspective_service.h"
#include "base/log_output.h"
#include "base/memory_reserve.h"
#include "base/service_notice.h"
#include "dns/resolver.h"
#include "http/server.h"
#include "net/event_loops.h"
#include "net/socket_address.h"

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

constexpr base::Milliseconds drain_patience{12000};

sigset_t block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    for (const int signal : {SIGPIPE, SIGXFSZ}) (void)std::signal(signal, SIG_IGN);
    return signals;
}

/// Descriptors that this process has for itself.
constexpr std::size_t own_descriptors = 64;
/// A question has a connection here, and one or two to what is looked at.
constexpr std::size_t for_a_question = 3;

// As many questions at once as the descriptors are for that the system lets us have.
std::size_t most_questions() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
    (void)::getrlimit(RLIMIT_NOFILE, &limit);
    const std::size_t left = limit.rlim_cur - std::min<rlim_t>(limit.rlim_cur, own_descriptors);
    return std::clamp<std::size_t>(left / for_a_question, 16, 12000);
}

std::shared_ptr<dns::Resolver> make_resolver_for(
    const PerspectiveConfiguration::Validation& validation, const base::Executor& executor) {
    return dns::make_resolver(executor, {.servers = validation.dns_servers,
                                         .dnssec = validation.dnssec,
                                         .timeout = validation.timeout / 2,
                                         .trust_anchor_file = validation.dns_trust_anchor_file,
                                         .root_hints_file = validation.dns_root_hints_file,
                                         .ask_networks = validation.allow_networks});
}

// Where this perspective itself listens.
std::vector<va::OwnListener> own_listeners(const PerspectiveConfiguration& configuration) {
    auto texts = configuration.listen;
    if (!configuration.admin_listen.empty()) texts.push_back(configuration.admin_listen);
    const auto& open_mpic = configuration.open_mpic.listen;
    texts.insert(texts.end(), open_mpic.begin(), open_mpic.end());
    std::vector<va::OwnListener> listeners;
    for (const auto& text : texts)
        if (const auto listener = net::SocketAddress::from_text(text))
            listeners.push_back({listener->address, listener->port});
    return listeners;
}

va::Settings settings_for(const PerspectiveConfiguration& configuration) {
    const auto& validation = configuration.validation;
    return {.http_port = validation.http_port,
            .https_port = validation.https_port,
            .tls_alpn_port = validation.tls_alpn_port,
            .egress = va::EgressPolicy(validation.allow_networks, own_listeners(configuration)),
            .deadline = validation.timeout};
}

std::string joined(const std::vector<std::string>& words) {
    std::string result;
    for (const auto& word : words) result += (result.empty() ? "" : " ") + word;
    return result;
}

// One for each processor; two at least, so that one may be busy.
std::size_t loop_count() {
    return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 2, 16);
}

http::Response words(int status, std::string text) {
    http::Response response;
    response.status = status;
    response.content_type = "text/plain; charset=utf-8";
    response.body = std::move(text);
    return response;
}

http::Server::Options health_options(const std::string& listen) {
    http::Server::Options options;
    options.listen = {listen};
    options.access_log = false;
    options.limits.connections = 32;
    options.handler = [](http::Request request) -> base::Task<http::Response> {
        if (request.path() == "/healthz") co_return words(200, "ok\n");
        co_return words(404, "there is nothing here\n");
    };
    return options;
}

/// The service of the Open MPIC API, with a server of its own.
struct OpenMpic {
    OpenMpic(OpenMpicService::Context context, net::EventLoops& loops,
             const http::Server::Options& like)
        : service(context), server(loops, context.log, options(context, like)) {
        server.start();
    }
    http::Server::Options options(const OpenMpicService::Context& context,
                                  http::Server::Options options) {
        options.listen = context.configuration.open_mpic.listen;
        options.tls = context.tls;
        options.handler = [this](http::Request request) {
            return service.handle(std::move(request));
        };
        return options;
    }
    OpenMpicService service;
    http::Server server;
};

void reload(OpenMpic* open_mpic, base::Log& log) {
    if (open_mpic == nullptr) return;
    try {
        open_mpic->service.reload();
        log.info("open mpic reloaded");
    } catch (const std::exception& error) {
        log.error("open mpic not reloaded", {{"reason", error.what()}});
    }
}

}  // namespace

int serve_perspective(const fs::path& folder, const std::vector<std::string>& overrides) {
    ::umask(0077);
    const auto signals = block_signals();
    base::MemoryReserve::fill();
    const auto questions = most_questions();
    auto configuration = load_perspective_configuration(folder, overrides);
    configuration.validation.in_flight = std::min(configuration.validation.in_flight, questions);
    const base::SystemClock clock;
    crypto::SystemRandom random;
    const auto log = base::open_log(
        configuration.log.file, configuration.log.level,
        configuration.log.format.value_or(base::usual_log_format(configuration.log.file)));
    net::EventLoops loops(loop_count());
    const auto tls = std::make_shared<net::TlsIdentity>();
    PerspectiveIdentity identity(folder, configuration.ca_url, clock, random, tls);
    const std::shared_ptr<dns::Resolver> resolver =
        make_resolver_for(configuration.validation, loops.next());
    NetworkValidator validator(settings_for(configuration), resolver, clock);
    OpenMpicLook look(settings_for(configuration), resolver, clock);
    PerspectiveService service(configuration, identity, validator, *log);

    http::Server::Options options;
    options.listen = configuration.listen;
    options.tls = tls;
    options.limits.connections = questions;
    options.limits.connections_per_client = options.limits.connections;
    options.limits.octets_per_client = options.limits.octets;
    options.access_log = configuration.log.level == base::LogLevel::debug;
    options.handler = [&service](http::Request request) {
        return service.handle(std::move(request));
    };
    options.plain_handler = [](http::Request) -> base::Task<http::Response> {
        co_return words(404, "this port speaks https\n");
    };
    std::unique_ptr<OpenMpic> open_mpic;
    if (!configuration.open_mpic.listen.empty())
        open_mpic = std::make_unique<OpenMpic>(
            OpenMpicService::Context{.configuration = configuration,
                                     .folder = folder,
                                     .look = look,
                                     .clock = clock,
                                     .log = *log,
                                     .next_executor = [&loops] { return loops.next(); },
                                     .tls = std::make_shared<net::TlsIdentity>()},
            loops, options);
    http::Server server(loops, *log, std::move(options));
    std::unique_ptr<http::Server> health;
    if (!configuration.admin_listen.empty()) {
        health =
            std::make_unique<http::Server>(loops, *log, health_options(configuration.admin_listen));
        health->start();
    }
    server.start();
    log->info("serving", {{"version", CAIRN_VERSION},
                          {"perspective", configuration.name},
                          {"region", to_string(configuration.region)},
                          {"ca", configuration.ca_url},
                          {"listen", joined(server.addresses())},
                          {"open_mpic", open_mpic ? joined(open_mpic->server.addresses()) : ""},
                          {"enrolled", identity.is_enrolled()}});
    base::notify_service_manager("READY=1");
    int signal = 0;
    while (sigwait(&signals, &signal) != 0 || signal == SIGHUP)
        if (signal == SIGHUP) reload(open_mpic.get(), *log);
    base::notify_service_manager("STOPPING=1");
    log->info("draining");
    server.stop(drain_patience);
    if (open_mpic) open_mpic->server.stop(drain_patience);
    if (health) health->stop(base::Milliseconds(0));
    log->info("stopped");
    log->flush();
    return 0;
}

}  // namespace cairn::apps
