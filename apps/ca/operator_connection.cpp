#include "apps/ca/operator_connection.h"

#include <cstring>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "apps/ca/files.h"
#include "apps/ca/operator_command.h"
#include "base/bytes.h"
#include "base/log_output.h"
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
    options.timeout = std::chrono::seconds(60);
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
    return log.file.empty() ? base::LogLevel::warning : log.level;
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
    const auto store = adapters.open_store(configuration, folder,
                                           StoreContext{.executors = {loops.executor(0)},
                                                        .log = *log,
                                                        .observer = observer,
                                                        .random = random,
                                                        .on_change = [](const std::string&) {},
                                                        .on_reload = [] {}});
    const admin::Context context{
        .repository = *store.repository,
        .clock = clock,
        .random = random,
        .log = *log,
        .operator_name = "user " + std::to_string(::getuid()),
        .profiles = configuration.profiles,
        .limits = configuration.limits.stored,
        .usual_limits = ca::default_limits(configuration.policy.kind),
        .request_limits = configuration.limits.requests,
        .usual_request_limits = ca::default_request_limits(configuration.policy.kind)};
    auto answer =
        boost::asio::co_spawn(loops.executor(0), admin::perform(context, operation, arguments),
                              boost::asio::use_future)
            .get();
    log->flush();
    return answer;
}

}  // namespace

json::object operate(const fs::path& folder, const std::vector<std::string>& overrides,
                     const Adapters& adapters, const admin::Operation& operation,
                     const json::object& arguments) {
    const auto socket = operator_socket(folder);
    if (is_served(socket)) return ask_server(socket, operation, arguments);
    return operate_here(folder, overrides, adapters, operation, arguments);
}

}  // namespace cairn::apps
