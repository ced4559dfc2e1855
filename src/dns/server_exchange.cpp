#include "dns/server_exchange.h"

#include <array>
#include <chrono>
#include <exception>
#include <optional>
#include <span>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>

#include "crypto/random.h"
#include "dns/forwarder.h"
#include "dns/message_header.h"

namespace cairn::dns {
namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using std::chrono::steady_clock;

namespace {

constexpr int datagrams = 3;

/// Runs a task on a loop of its own to its end.
template <class T>
T run(base::Task<T> task) {
    asio::io_context context(1);
    std::optional<T> result;
    std::exception_ptr failure;
    asio::co_spawn(context, std::move(task), [&](const std::exception_ptr& thrown, T value) {
        failure = thrown;
        if (!thrown) result.emplace(std::move(value));
    });
    context.run();
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
}

base::Task<Asked> by_datagram(udp::endpoint server, base::Bytes query,
                              steady_clock::time_point deadline) {
    std::array<Asked, 1> asked{Asked{.query = std::move(query)}};
    co_await ask_by_datagram(server, asked, deadline);
    co_return std::move(asked[0]);
}

base::Task<OrNoAnswer<base::Bytes>> by_stream(tcp::endpoint server, base::Bytes query,
                                              steady_clock::time_point deadline) {
    co_return co_await ask_by_stream(server, query, deadline);
}

std::unexpected<ServerError> server_error(const NoAnswer& reason) {
    using Kind = ServerError::Kind;
    ServerError error;
    error.message = reason.reason;
    if (reason.kind == NoAnswer::Kind::silent)
        error.kind = Kind::silent;
    else if (reason.reason.find("refused") != std::string::npos)
        error.kind = Kind::refused;
    else if (reason.reason.find("unreachable") != std::string::npos ||
             reason.reason.find("No route") != std::string::npos ||
             reason.reason.find("assign requested") != std::string::npos)
        error.kind = Kind::unreachable;
    return std::unexpected(std::move(error));
}

std::unexpected<ServerError> broken(std::string message) {
    ServerError error;
    error.message = std::move(message);
    return std::unexpected(std::move(error));
}

std::uint16_t random_id() {
    static crypto::SystemRandom system;
    static crypto::DrawnRandom random(system);
    std::array<std::uint8_t, 2> id{};
    random.fill(id);
    return static_cast<std::uint16_t>(id[0] << 8U | id[1]);
}

OrNoAnswer<base::Bytes> ask_by_datagrams(const net::SocketAddress& server, const base::Bytes& query,
                                         base::Milliseconds patience) {
    OrNoAnswer<base::Bytes> message = std::unexpected(NoAnswer{});
    for (int i = 0; i < datagrams; ++i) {
        const auto deadline = steady_clock::now() + patience / datagrams;
        message = run(by_datagram(endpoint_of<udp::endpoint>(server), query, deadline)).message;
        if (message || message.error().kind != NoAnswer::Kind::silent) break;
    }
    return message;
}

}  // namespace

base::Result<Response, ServerError> ask_server(const net::SocketAddress& server,
                                               std::string_view name, RecordType type,
                                               Recursion recursion, base::Milliseconds patience) {
    const auto query = make_query(random_id(), name, type, recursion);
    if (!query) return broken(query.error().message);
    auto message = ask_by_datagrams(server, *query, patience);
    if (!message) return server_error(message.error());
    if (is_truncated(*message))
        message = run(
            by_stream(endpoint_of<tcp::endpoint>(server), *query, steady_clock::now() + patience));
    if (!message) return server_error(message.error());
    auto response = read_response(*message, name, type);
    if (!response) return broken(response.error().message);
    return std::move(*response);
}

base::Result<base::Bytes, ServerError> send_to_server(const net::SocketAddress& server,
                                                      base::BytesView message,
                                                      base::Milliseconds patience) {
    const auto octets = base::copy_of(message);
    auto reply =
        run(by_stream(endpoint_of<tcp::endpoint>(server), octets, steady_clock::now() + patience));
    if (!reply && server_error(reply.error()).error().kind == ServerError::Kind::refused)
        reply = ask_by_datagrams(server, octets, patience);
    if (!reply) return server_error(reply.error());
    return std::move(*reply);
}

}  // namespace cairn::dns
