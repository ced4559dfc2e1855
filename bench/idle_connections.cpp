#include "bench/idle_connections.h"

#include <algorithm>
#include <cerrno>
#include <future>
#include <memory>
#include <stdexcept>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

#include "net/event_loops.h"

namespace cairn::bench {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using Stream = asio::ssl::stream<asio::ip::tcp::socket>;

namespace {

// At the same time in a handshake; more would only wait for one another.
constexpr std::size_t openers = 32;

base::Task<void> open_one(Stream& stream, unsigned port) {
    const asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(),
                                           static_cast<std::uint16_t>(port));
    co_await stream.next_layer().async_connect(endpoint, asio::use_awaitable);
    co_await stream.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
    beast_http::request<beast_http::empty_body> request{beast_http::verb::get, "/directory", 11};
    request.set(beast_http::field::host, "localhost:" + std::to_string(port));
    co_await beast_http::async_write(stream, request, asio::use_awaitable);
    boost::beast::flat_buffer buffer;
    beast_http::response<beast_http::string_body> response;
    co_await beast_http::async_read(stream, buffer, response, asio::use_awaitable);
}

base::Task<void> open_every(std::vector<std::unique_ptr<Stream>>& streams, std::size_t first,
                            unsigned port) {
    for (std::size_t i = first; i < streams.size(); i += openers)
        co_await open_one(*streams[i], port);
}

bool is_open(Stream& stream) {
    char octet = 0;
    const auto size =
        ::recv(stream.next_layer().native_handle(), &octet, 1, MSG_PEEK | MSG_DONTWAIT);
    return size > 0 || (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

}  // namespace

IdleConnections measure_idle_connections(std::size_t connections, const LoadSettings& settings) {
    const auto authority = start_authority({.kind = ServerKind::cairn_embedded,
                                            .ports = std::nullopt,
                                            .program = settings.program,
                                            .work_folder = settings.work_folder,
                                            .store_file = {}});
    asio::ssl::context tls(asio::ssl::context::tls_client);
    tls.load_verify_file(authority->root_file().string());
    tls.set_verify_mode(asio::ssl::verify_peer);
    net::EventLoops loops(1);
    std::vector<std::unique_ptr<Stream>> streams;
    for (std::size_t i = 0; i < connections; ++i)
        streams.push_back(std::make_unique<Stream>(loops.executor(0), tls));

    const double before = authority->usage().resident_mebibytes;
    std::vector<std::future<void>> opening;
    for (std::size_t i = 0; i < std::min(openers, connections); ++i)
        opening.push_back(asio::co_spawn(
            loops.executor(0), open_every(streams, i, authority->port()), asio::use_future));
    for (auto& each : opening) each.get();
    const double after = authority->usage().resident_mebibytes;
    const auto open = std::ranges::count_if(streams, [](auto& each) { return is_open(*each); });
    if (static_cast<std::size_t>(open) != connections)
        throw std::runtime_error(
            fmt::format("of {} idle connections only {} stayed open", connections, open));
    return {.connections = connections, .mebibytes_more = after - before};
}

}  // namespace cairn::bench
