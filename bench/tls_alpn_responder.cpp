#include "bench/tls_alpn_responder.h"

#include <string_view>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "base/task.h"

namespace cairn::bench {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto handshake_deadline = std::chrono::seconds(10);
constexpr std::string_view offered =
    "\x0a"
    "acme-tls/1";

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* wanted, unsigned wanted_size, void*) {
    return SSL_select_next_proto(const_cast<unsigned char**>(chosen), size,
                                 reinterpret_cast<const unsigned char*>(offered.data()),
                                 static_cast<unsigned>(offered.size()), wanted,
                                 wanted_size) == OPENSSL_NPN_NEGOTIATED
               ? SSL_TLSEXT_ERR_OK
               : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Zero ends the handshake.
int choose_certificate(SSL* tls, void* argument) {
    const auto& board = *static_cast<const ChallengeBoard*>(argument);
    const char* name = SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name);
    const auto certificate = name == nullptr ? std::nullopt : board.certificate(name);
    return certificate && SSL_use_certificate(tls, certificate->handle()) == 1 &&
                   SSL_use_PrivateKey(tls, board.certificate_key().handle()) == 1
               ? 1
               : 0;
}

}  // namespace

struct TlsAlpnResponder::State {
    State(const base::Executor& loop, const ChallengeBoard& board)
        : executor(loop),
          context(asio::ssl::context::tls_server),
          acceptor(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
        SSL_CTX* const raw = context.native_handle();
        SSL_CTX_set_num_tickets(raw, 0);
        SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_alpn_select_cb(raw, &choose_protocol, nullptr);
        SSL_CTX_set_cert_cb(raw, &choose_certificate, const_cast<ChallengeBoard*>(&board));
    }

    base::Task<void> accept() {
        for (;;) {
            auto [error, socket] =
                co_await acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
            if (error == asio::error::operation_aborted) co_return;
            if (!error) connections.spawn(executor, greet(std::move(socket)));
        }
    }

    base::Task<void> greet(tcp::socket socket) {
        asio::ssl::stream<boost::beast::tcp_stream> stream(
            boost::beast::tcp_stream(std::move(socket)), context);
        stream.next_layer().expires_after(handshake_deadline);
        const auto [refused] = co_await stream.async_handshake(asio::ssl::stream_base::server,
                                                               asio::as_tuple(asio::use_awaitable));
        if (refused) co_return;
        static_cast<void>(co_await stream.async_shutdown(asio::as_tuple(asio::use_awaitable)));
    }

    base::Executor executor;
    asio::ssl::context context;
    tcp::acceptor acceptor;
    base::TaskGroup accepting{[](const std::exception_ptr&) {}};
    base::TaskGroup connections{[](const std::exception_ptr&) {}};
};

TlsAlpnResponder::TlsAlpnResponder(const base::Executor& executor, const ChallengeBoard& board)
    : state_(std::make_unique<State>(executor, board)) {
    state_->accepting.spawn(executor, state_->accept());
}

TlsAlpnResponder::~TlsAlpnResponder() {
    state_->accepting.close(base::Milliseconds(0));
    state_->connections.close(base::Milliseconds(0));
}

unsigned TlsAlpnResponder::port() const {
    return state_->acceptor.local_endpoint().port();
}

}  // namespace cairn::bench
