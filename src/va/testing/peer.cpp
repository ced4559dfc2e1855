#include "va/testing/peer.h"

#include <array>

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

namespace cairn::va::testing {
namespace asio = boost::asio;

namespace {

template <class Stream>
base::Task<std::string> read_header(Stream& stream) {
    std::string request;
    co_await asio::async_read_until(stream, asio::dynamic_buffer(request), "\r\n\r\n", with_error);
    co_return request;
}

}  // namespace

base::Task<std::string> read_request(Socket& socket) {
    return read_header(socket);
}

base::Task<bool> send(Socket& socket, std::string_view octets, std::size_t& sent) {
    const auto [error, size] = co_await asio::async_write(socket, asio::buffer(octets), with_error);
    sent += size;
    co_return !error;
}

Peer::Peer(EventLoop& loop, Conversation conversation, const std::string& address,
           std::uint16_t port)
    : loop_(loop), conversation_(std::move(conversation)), acceptor_(loop.context()) {
    const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(address), port);
    acceptor_.open(endpoint.protocol());
    if (endpoint.address().is_v6()) acceptor_.set_option(asio::ip::v6_only(true));
    acceptor_.set_option(asio::socket_base::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen();
    spawn(accept());
}

Peer::~Peer() {
    acceptor_.close();
    loop_.run_until([&] { return running_ == 0; });
}

int Peer::connections() {
    acceptor_.cancel();
    acceptor_.non_blocking(true);
    boost::system::error_code none_left;
    while (!none_left) {
        const Socket socket = acceptor_.accept(none_left);
        if (!none_left) ++connections_;
    }
    return connections_;
}

base::Task<void> Peer::accept() {
    for (;;) {
        auto [error, socket] = co_await acceptor_.async_accept(with_error);
        if (error) co_return;
        ++connections_;
        spawn(conversation_(std::move(socket)));
    }
}

void Peer::spawn(base::Task<void> task) {
    ++running_;
    base::start(loop_.context().get_executor(), std::move(task),
                [this](const std::exception_ptr&) { --running_; });
}

base::Task<void> silence(Socket socket) {
    std::array<char, 1024> octets{};
    for (;;) {
        const auto [error, size] =
            co_await socket.async_read_some(asio::buffer(octets), with_error);
        if (error) co_return;
    }
}

Peer::Conversation saying(std::string answer) {
    return [answer = std::move(answer)](Socket socket) -> base::Task<void> {
        std::array<char, 4096> octets{};
        co_await socket.async_read_some(asio::buffer(octets), with_error);
        co_await asio::async_write(socket, asio::buffer(answer), with_error);
    };
}

base::Task<void> reset(Socket socket) {
    socket.set_option(asio::socket_base::linger(true, 0));
    socket.close();
    co_return;
}

WebPeer::WebPeer(EventLoop& loop, Respond respond, const std::string& address, std::uint16_t port)
    : respond_(std::move(respond)),
      peer_(loop, [this](Socket socket) { return converse(std::move(socket)); }, address, port) {}

WebPeer::WebPeer(EventLoop& loop, asio::ssl::context& tls, Respond respond)
    : respond_(std::move(respond)),
      peer_(loop, [this, &tls](Socket socket) { return converse(std::move(socket), tls); }) {}

base::Task<void> WebPeer::converse(Socket socket) {
    requests_.push_back(co_await read_request(socket));
    const auto response = respond_(requests_.back());
    co_await asio::async_write(socket, asio::buffer(response), with_error);
}

base::Task<void> WebPeer::converse(Socket socket, asio::ssl::context& tls) {
    asio::ssl::stream<Socket> stream(std::move(socket), tls);
    const auto [error] =
        co_await stream.async_handshake(asio::ssl::stream_base::server, with_error);
    if (error) co_return;
    const char* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
    server_names_.emplace_back(name == nullptr ? "" : name);
    requests_.push_back(co_await read_header(stream));
    const auto response = respond_(requests_.back());
    co_await asio::async_write(stream, asio::buffer(response), with_error);
    co_await stream.async_shutdown(with_error);
}

}  // namespace cairn::va::testing
