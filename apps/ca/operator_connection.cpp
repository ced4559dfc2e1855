#include "apps/ca/operator_connection.h"

#include <cstring>
#include <optional>
#include <sstream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "apps/ca/audited_store.h"
#include "apps/ca/free_store.h"
#include "apps/ca/issuer_files.h"
#include "apps/ca/operator_command.h"
#include "apps/ca/perspective_register.h"
#include "apps/ca/perspective_roster.h"
#include "apps/ca/retired_issuers.h"
#include "apps/command_line/files.h"
#include "base/bytes.h"
#include "base/log_output.h"
#include "ca/work/clock_watch.h"
#include "ca/work/crl_signing.h"
#include "crypto/random.h"
#include "http/client.h"
#include "net/event_loops.h"

namespace cairn::apps {
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

/// Whether somebody serves the socket. Throws if that is so and this user is not let in.
bool is_served(const fs::path& socket) {
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0) return false;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket.native().size() >= sizeof address.sun_path) {
        ::close(probe);
        return false;
    }
    socket.native().copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    const int outcome =
        ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int reason = errno;
    ::close(probe);
    if (outcome == 0) return true;
    if (reason == EACCES || reason == EPERM)
        throw std::runtime_error("this user may not talk to the server's socket " +
                                 socket.string() + ": run it as root or as the server's user");
    return false;
}

json::object ask_server(const fs::path& socket, const admin::Operation& operation,
                        const json::object& arguments) {
    http::ClientOptions options;
    options.local_path = socket.string();
    // A search through millions of certificates takes its time.
    options.timeout = std::chrono::minutes(5);
    // A page of a thousand objects, each with all the text that its owner may give it.
    options.max_body = std::size_t{64} << 20U;
    http::Client client(std::move(options));
    const auto reply = client.post(
        "http://operator/v1/" + std::string(operation.noun) + "/" + std::string(operation.verb),
        "application/json", json::serialize(arguments));
    if (!reply)
        throw std::runtime_error("the server did not answer on " + socket.string() + ": " +
                                 reply.error().message +
                                 (operation.effect == admin::Operation::Effect::acts
                                      ? "; whether it acted is not known: look, and say it again"
                                      : ""));
    boost::system::error_code error;
    auto answer = json::parse(reply->body, error);
    if (error || !answer.is_object())
        throw std::runtime_error("the server's answer on " + socket.string() +
                                 " is no JSON object: is it another version?");
    return std::move(answer.as_object());
}

/// Nothing but what goes wrong, for who runs the command.
base::LogLevel level_here(const Configuration::Log& log) {
    const bool is_at_hand = log.file.empty() || log.file == "-";  // standard error
    return is_at_hand ? base::LogLevel::warning : log.level;
}

/// The issuers of a CA without a server, whose files are read once they are asked for, and its
/// revocation lists, which the command itself signs.
class CrlsHere {
  public:
    CrlsHere(const Configuration& configuration, const fs::path& folder, const Adapters& adapters,
             ca::Repository& repository, const base::Clock& clock, base::Executor executor,
             base::Log& log)
        : configuration_(configuration),
          folder_(folder),
          adapters_(adapters),
          repository_(repository),
          clock_(clock),
          executor_(std::move(executor)),
          log_(log) {}

    [[nodiscard]] const ca::Issuers& issuers() {
        if (!issuers_) issuers_ = load_issuers(configuration_, folder_, executor_, adapters_);
        return *issuers_;
    }
    base::Task<void> sign() {
        ca::ClockWatch watch;
        watch.begin(co_await repository_.believed_time());
        if (!watch.is_believed())
            throw admin::Refused(admin::Refused::Kind::failed,
                                 "this machine's clock is far from the time at which the CA "
                                 "believed it last, so nothing is signed; set it right");
        for (const auto& issuer : issuers().all()) {
            auto adding = repository_.add_crl_lists(issuer.id(), {});
            (void)co_await std::move(adding);
        }
        ca::CrlSigning signing(configuration_.crl.times, issuers(), repository_, clock_, executor_,
                               announcements_, log_, ca::deaf_observer());
        co_await signing.sign_due([]() -> base::Task<bool> { co_return true; });
    }

  private:
    const Configuration& configuration_;
    const fs::path& folder_;
    const Adapters& adapters_;
    ca::Repository& repository_;
    const base::Clock& clock_;
    const base::Executor executor_;
    base::Log& log_;
    base::Announcements announcements_;
    std::optional<ca::Issuers> issuers_;
};

/// What was done stands in the log already; the next one who writes to it makes up for its head.
void keep_head(const base::Executor& executor, NodeAudit& audit, base::Log& log) {
    try {
        boost::asio::co_spawn(executor, audit.save_head(), boost::asio::use_future).get();
    } catch (const std::exception& error) {
        log.warning("the head of the audit log could not be kept", {{"reason", error.what()}});
    }
}

json::object operate_here(const fs::path& folder, const std::vector<std::string>& overrides,
                          const Adapters& adapters, const admin::Operation& operation,
                          const json::object& arguments) {
    const base::SystemClock clock;
    crypto::SystemRandom random;
    const auto configuration = load_configuration(folder, overrides, clock.now());
    const auto log = base::open_log(
        configuration.log.file, level_here(configuration.log),
        configuration.log.format.value_or(base::usual_log_format(configuration.log.file)), [] {});
    ca::Observer observer;
    net::EventLoops loops(1);
    const auto store = open_audited_store(adapters, configuration, folder,
                                          StoreContext{.executors = {loops.executor(0)},
                                                       .log = *log,
                                                       .observer = observer,
                                                       .random = random,
                                                       .on_change = [](const std::string&) {},
                                                       .on_reload = [] {}},
                                          clock);
    const AuditedAdapters audited(adapters, store.audit->log());
    const std::string name = "user " + std::to_string(::getuid());
    const auto repository = store.repository->on_behalf_of({.operator_name = name});
    CrlsHere crls(configuration, folder, audited, *repository, clock, loops.executor(0), *log);
    PerspectiveRoster roster({.folder = folder,
                              .clock = clock,
                              .random = random,
                              .log = *log,
                              .next_executor = [&loops] { return loops.next(); },
                              .audit = store.audit->log()});
    FolderPerspectives perspectives(folder, overrides, clock, roster);
    const admin::Context context{
        .repository = *repository,
        .clock = clock,
        .random = random,
        .log = *log,
        .operator_name = name,
        .profiles = configuration.profiles,
        .limits = configuration.limits.stored,
        .usual_limits = ca::default_limits(configuration.policy.kind),
        .request_limits = configuration.limits.requests,
        .usual_request_limits = ca::default_request_limits(configuration.policy.kind),
        .issuers = [&crls] { return names_of(crls.issuers()); },
        .configured_issuers = [&crls] { return configured_issuers(crls.issuers()); },
        .sign_crls = [&crls] { return crls.sign(); },
        .audit = store.audit->log(),
        .perspectives = &perspectives};
    auto answer =
        boost::asio::co_spawn(loops.executor(0), admin::perform(context, operation, arguments),
                              boost::asio::use_future)
            .get();
    // What only looks writes nothing, whatever it found.
    if (operation.effect == admin::Operation::Effect::acts)
        keep_head(loops.executor(0), *store.audit, *log);
    log->flush();
    return answer;
}

}  // namespace

std::optional<std::vector<std::string>> server_readiness(const fs::path& folder) {
    const auto socket = operator_socket(folder);
    if (!is_served(socket)) return std::nullopt;
    http::ClientOptions options;
    options.local_path = socket.string();
    options.timeout = std::chrono::seconds(30);
    http::Client client(std::move(options));
    const auto reply = client.get("http://operator/readiness");
    if (!reply)
        throw std::runtime_error("the server did not answer on " + socket.string() + ": " +
                                 reply.error().message);
    std::vector<std::string> lines;
    if (reply->status == 200) return lines;
    std::istringstream text(reply->body);
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
}

json::object operate(const fs::path& folder, const std::vector<std::string>& overrides,
                     const Adapters& adapters, const admin::Operation& operation,
                     const json::object& arguments) {
    const auto socket = operator_socket(folder);
    return when_free([&] {
        if (is_served(socket)) return ask_server(socket, operation, arguments);
        return operate_here(folder, overrides, adapters, operation, arguments);
    });
}

}  // namespace cairn::apps
