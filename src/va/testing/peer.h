#pragma once
// Private to the tests of va: the hosts that validation talks to, on loopback.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/task.h"
#include "va/testing/event_loop.h"

namespace cairn::va::testing {

using Socket = boost::asio::ip::tcp::socket;
inline constexpr auto with_error = boost::asio::as_tuple(boost::asio::use_awaitable);

/// The header of the request that arrives on `socket`.
base::Task<std::string> read_request(Socket& socket);

/// Sends `octets` and adds to `sent` how many went out. True: all of them.
base::Task<bool> send(Socket& socket, std::string_view octets, std::size_t& sent);

/// Accepts connections on a loopback address and holds one conversation with each. Its destructor
/// waits for the conversations, so each must end when the other side closes.
class Peer {
  public:
    using Conversation = std::function<base::Task<void>(Socket)>;

    /// Listens on `address`; port 0 takes a free one.
    Peer(EventLoop& loop, Conversation conversation, const std::string& address = "127.0.0.1",
         std::uint16_t port = 0);
    ~Peer();
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    /// How many connections have arrived, with those still in the kernel's queue. Accepts none
    /// afterwards.
    [[nodiscard]] int connections();

  private:
    base::Task<void> accept();
    void spawn(base::Task<void> task);

    EventLoop& loop_;
    Conversation conversation_;
    boost::asio::ip::tcp::acceptor acceptor_;
    int connections_ = 0;
    int running_ = 0;
};

/// A conversation without a word: the connection stays open and silent.
base::Task<void> silence(Socket socket);

/// A conversation that answers whatever arrives first with `answer`.
Peer::Conversation saying(std::string answer);

/// A conversation that ends with a reset at once.
base::Task<void> reset(Socket socket);

/// A web server whose responses the test gives octet for octet.
class WebPeer {
  public:
    /// Makes the response to a request's header.
    using Respond = std::function<std::string(const std::string& request)>;

    WebPeer(EventLoop& loop, Respond respond, const std::string& address = "127.0.0.1",
            std::uint16_t port = 0);
    /// The same over TLS.
    WebPeer(EventLoop& loop, boost::asio::ssl::context& tls, Respond respond);

    [[nodiscard]] std::uint16_t port() const { return peer_.port(); }
    [[nodiscard]] int connections() { return peer_.connections(); }
    /// The headers of the requests so far.
    [[nodiscard]] const std::vector<std::string>& requests() const { return requests_; }
    /// The server names of the TLS hellos so far; empty for a hello without.
    [[nodiscard]] const std::vector<std::string>& server_names() const { return server_names_; }

  private:
    base::Task<void> converse(Socket socket);
    base::Task<void> converse(Socket socket, boost::asio::ssl::context& tls);

    Respond respond_;
    std::vector<std::string> requests_;
    std::vector<std::string> server_names_;
    Peer peer_;
};

}  // namespace cairn::va::testing
