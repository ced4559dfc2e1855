#include "client/solvers/tls_alpn.h"

#include <array>
#include <map>
#include <optional>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <fmt/format.h>

#include "client/solvers/listening.h"
#include "client/solvers/tls_alpn_answers.h"
#include "net/event_loops.h"
#include "net/socket_address.h"

namespace cairn::client {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;
using TlsStream = asio::ssl::stream<boost::beast::tcp_stream>;

constexpr std::uint16_t https_port = 443;
constexpr std::size_t max_connections = 256;
constexpr auto handshake_deadline = 10s;
constexpr auto accept_rest = 50ms;
/// Whoever does not offer acme-tls/1, and it alone, is turned away before it sees a certificate.
int on_client_hello(SSL* tls, int* alert, void*) {
    if (TlsAlpnAnswers::is_asked_for_by(tls)) return SSL_CLIENT_HELLO_SUCCESS;
    *alert = SSL_AD_NO_APPLICATION_PROTOCOL;
    return SSL_CLIENT_HELLO_ERROR;
}

tcp::acceptor listen_on(const asio::any_io_executor& executor, const std::string& text) try {
    const auto address = net::SocketAddress::from_text(text).value();
    const tcp::endpoint endpoint(asio::ip::make_address(address.address.to_string()), address.port);
    tcp::acceptor acceptor(executor);
    acceptor.open(endpoint.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    if (endpoint.protocol() == tcp::v6()) acceptor.set_option(asio::ip::v6_only(true));
    acceptor.bind(endpoint);
    acceptor.listen();
    return acceptor;
} catch (const boost::system::system_error& error) {
    throw cannot_listen(text, error.code().message());
}

/// The server, from its first answer to its last.
class Server {
  public:
    explicit Server(const std::shared_ptr<TlsAlpnAnswers>& answers)
        : context_(asio::ssl::context::tls_server) {
        SSL_CTX_set_client_hello_cb(context_.native_handle(), &on_client_hello, nullptr);
        TlsAlpnAnswers::show_in(context_.native_handle(), answers);
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server() {
        accepting_.close(0ms);
        connections_.close(0ms);
    }

    void listen(const std::string& address) {
        auto acceptor = listen_on(loops_.executor(0), address);
        accepting_.spawn(loops_.executor(0), accept(std::move(acceptor)));
    }

  private:
    base::Task<void> accept(tcp::acceptor acceptor) {
        for (;;) {
            auto [error, socket] =
                co_await acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
            if (error == asio::error::operation_aborted) co_return;
            if (error) {
                co_await base::sleep_for(accept_rest);
                continue;
            }
            if (connections_.size() < max_connections)
                connections_.spawn(loops_.executor(0), greet(std::move(socket)));
        }
    }

    base::Task<void> greet(tcp::socket socket) {
        TlsStream stream(boost::beast::tcp_stream(std::move(socket)), context_);
        stream.next_layer().expires_after(handshake_deadline);
        const auto [refused] = co_await stream.async_handshake(asio::ssl::stream_base::server,
                                                               asio::as_tuple(asio::use_awaitable));
        if (refused) co_return;
        // The answer is the certificate; the connection has no further use (RFC 8737 section 3).
        static_cast<void>(co_await stream.async_shutdown(asio::as_tuple(asio::use_awaitable)));
    }

    asio::ssl::context context_;
    net::EventLoops loops_{1};
    // What a peer does wrong ends its own connection and is nobody else's business.
    base::TaskGroup accepting_{[](const std::exception_ptr&) {}};
    base::TaskGroup connections_{[](const std::exception_ptr&) {}};
};

class TlsAlpnSolver final : public Solver {
  public:
    TlsAlpnSolver(Listening listening, const SolverContext& context)
        : listening_(std::move(listening)),
          turn_(listening_, context),
          clock_(context.clock),
          timer_(context.timer),
          progress_(context.progress) {}

    std::string specification() const override {
        const auto address = listening_.to_string();
        return address.empty() ? "tls-alpn" : "tls-alpn:" + address;
    }
    std::span<const protocol::ChallengeType> challenge_types() const override {
        static constexpr std::array types = {protocol::ChallengeType::tls_alpn_01};
        return types;
    }

    bool listens() const override { return true; }
    std::optional<Failure> obstacle() override try {
        const std::scoped_lock lock(mutex_);
        if (!server_) turn_.look([this] { Server(answers_).listen(listening_.address); });
        return std::nullopt;
    } catch (const Failure& failure) {
        return failure;
    }

    void present(const Challenge& challenge) override {
        begin();
        try {
            serve();
            answers_->put_up(challenge, clock_, timer_);
        } catch (...) {
            end();
            throw;
        }
        end();
    }

    void clean_up(const Challenge& challenge) override {
        const std::scoped_lock lock(mutex_);
        answers_->take_down(challenge);
        stop_if_idle();
    }

  private:
    void begin() {
        const std::scoped_lock lock(mutex_);
        ++presenting_;
    }
    void end() {
        const std::scoped_lock lock(mutex_);
        --presenting_;
        stop_if_idle();
    }

    void serve() {
        const std::scoped_lock lock(mutex_);
        if (server_) return;
        turn_.take();
        try {
            server_ = start();
        } catch (...) {
            stop();
            throw;
        }
    }

    void stop_if_idle() {
        if (presenting_ == 0 && answers_->is_empty()) stop();
    }

    void stop() {
        server_.reset();
        turn_.end();
    }

    std::unique_ptr<Server> start() {
        auto server = std::make_unique<Server>(answers_);
        server->listen(listening_.address);
        if (listening_.ipv6_address.empty()) return server;
        try {
            server->listen(listening_.ipv6_address);
        } catch (const Failure& failure) {
            progress_.tell({.kind = ProgressKind::ipv4_alone, .failure = failure});
        }
        return server;
    }

    Listening listening_;
    ListeningTurn turn_;
    const base::Clock& clock_;
    Timer& timer_;
    Progress& progress_;
    std::shared_ptr<TlsAlpnAnswers> answers_ = std::make_shared<TlsAlpnAnswers>();
    std::mutex mutex_;
    int presenting_ = 0;  ///< answers that are being put up
    std::unique_ptr<Server> server_;
};

}  // namespace

base::Result<std::unique_ptr<Solver>> make_tls_alpn_solver(std::string_view address,
                                                           const SolverContext& context) {
    auto listening = Listening::from_text(address, https_port);
    if (!listening) return std::unexpected(listening.error());
    return std::make_unique<TlsAlpnSolver>(std::move(*listening), context);
}

}  // namespace cairn::client
