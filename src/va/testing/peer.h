#pragma once
// Private to the tests of va: the hosts that validation talks to, on loopback.

#include <array>
#include <functional>
#include <string>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/task.h"
#include "va/testing/event_loop.h"

namespace cairn::va::testing {

using Socket = boost::asio::ip::tcp::socket;
inline constexpr auto with_error = boost::asio::as_tuple(boost::asio::use_awaitable);

/// Accepts connections on a loopback address and holds one conversation with each. Its destructor
/// waits for the conversations, so each must end when the other side closes.
class Peer {
  public:
    using Conversation = std::function<base::Task<void>(Socket)>;

    /// Listens on `address`; port 0 takes a free one.
    Peer(EventLoop& loop, Conversation conversation, const std::string& address = "127.0.0.1",
         std::uint16_t port = 0)
        : loop_(loop), conversation_(std::move(conversation)), acceptor_(loop.context()) {
        const boost::asio::ip::tcp::endpoint endpoint(boost::asio::ip::make_address(address), port);
        acceptor_.open(endpoint.protocol());
        if (endpoint.address().is_v6()) acceptor_.set_option(boost::asio::ip::v6_only(true));
        acceptor_.set_option(boost::asio::socket_base::reuse_address(true));
        acceptor_.bind(endpoint);
        acceptor_.listen();
        spawn(accept());
    }
    ~Peer() {
        acceptor_.close();
        loop_.run_until([&] { return running_ == 0; });
    }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    /// How many connections have arrived, with those still in the kernel's queue. Accepts none
    /// afterwards.
    [[nodiscard]] int connections() {
        acceptor_.cancel();
        acceptor_.non_blocking(true);
        boost::system::error_code none_left;
        while (!none_left) {
            const Socket socket = acceptor_.accept(none_left);
            if (!none_left) ++connections_;
        }
        return connections_;
    }

  private:
    base::Task<void> accept() {
        for (;;) {
            auto [error, socket] = co_await acceptor_.async_accept(with_error);
            if (error) co_return;
            ++connections_;
            spawn(conversation_(std::move(socket)));
        }
    }
    void spawn(base::Task<void> task) {
        ++running_;
        boost::asio::co_spawn(loop_.context(), std::move(task),
                              [this](const std::exception_ptr&) { --running_; });
    }

    EventLoop& loop_;
    Conversation conversation_;
    boost::asio::ip::tcp::acceptor acceptor_;
    int connections_ = 0;
    int running_ = 0;
};

/// A conversation without a word: the connection stays open and silent.
inline base::Task<void> silence(Socket socket) {
    std::array<char, 1024> octets{};
    for (;;) {
        const auto [error, size] =
            co_await socket.async_read_some(boost::asio::buffer(octets), with_error);
        if (error) co_return;
    }
}

/// A conversation that answers whatever arrives first with `answer`.
inline Peer::Conversation saying(std::string answer) {
    return [answer = std::move(answer)](Socket socket) -> base::Task<void> {
        std::array<char, 4096> octets{};
        co_await socket.async_read_some(boost::asio::buffer(octets), with_error);
        co_await boost::asio::async_write(socket, boost::asio::buffer(answer), with_error);
    };
}

/// A conversation that ends with a reset at once.
inline base::Task<void> reset(Socket socket) {
    socket.set_option(boost::asio::socket_base::linger(true, 0));
    socket.close();
    co_return;
}

/// The header of the request that arrives on `stream`.
template <class Stream>
base::Task<std::string> read_request(Stream& stream) {
    std::string request;
    co_await boost::asio::async_read_until(stream, boost::asio::dynamic_buffer(request), "\r\n\r\n",
                                           with_error);
    co_return request;
}

/// A web server whose responses the test gives octet for octet.
class WebPeer {
  public:
    /// Makes the response to a request's header.
    using Respond = std::function<std::string(const std::string& request)>;

    WebPeer(EventLoop& loop, Respond respond, const std::string& address = "127.0.0.1",
            std::uint16_t port = 0)
        : respond_(std::move(respond)),
          peer_(
              loop, [this](Socket socket) { return converse(std::move(socket)); }, address, port) {}
    /// The same over TLS.
    WebPeer(EventLoop& loop, boost::asio::ssl::context& tls, Respond respond)
        : respond_(std::move(respond)),
          peer_(loop, [this, &tls](Socket socket) { return converse(std::move(socket), tls); }) {}

    [[nodiscard]] std::uint16_t port() const { return peer_.port(); }
    [[nodiscard]] int connections() { return peer_.connections(); }
    /// The headers of the requests so far.
    [[nodiscard]] const std::vector<std::string>& requests() const { return requests_; }
    /// The server names of the TLS hellos so far; empty for a hello without.
    [[nodiscard]] const std::vector<std::string>& server_names() const { return server_names_; }

  private:
    base::Task<void> converse(Socket socket) {
        requests_.push_back(co_await read_request(socket));
        const auto response = respond_(requests_.back());
        co_await boost::asio::async_write(socket, boost::asio::buffer(response), with_error);
    }
    base::Task<void> converse(Socket socket, boost::asio::ssl::context& tls) {
        boost::asio::ssl::stream<Socket> stream(std::move(socket), tls);
        const auto [error] =
            co_await stream.async_handshake(boost::asio::ssl::stream_base::server, with_error);
        if (error) co_return;
        const char* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
        server_names_.emplace_back(name == nullptr ? "" : name);
        requests_.push_back(co_await read_request(stream));
        const auto response = respond_(requests_.back());
        co_await boost::asio::async_write(stream, boost::asio::buffer(response), with_error);
        co_await stream.async_shutdown(with_error);
    }

    Respond respond_;
    std::vector<std::string> requests_;
    std::vector<std::string> server_names_;
    Peer peer_;
};

}  // namespace cairn::va::testing
