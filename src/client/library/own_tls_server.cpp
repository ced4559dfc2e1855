#include "client/library/own_tls_server.h"

#include <array>
#include <stdexcept>

#include <openssl/ssl.h>

#include "base/clock.h"
#include "client/solvers/tls_alpn_answers.h"
#include "client/timer.h"

namespace cairn::client {
namespace {

/// The context of the server's handshakes with a CA.
using Context = std::unique_ptr<SSL_CTX, decltype([](SSL_CTX* context) { SSL_CTX_free(context); })>;

/// Everybody but a CA goes on with the server's own context.
int on_client_hello(SSL* tls, int* alert, void* argument) {
    if (!TlsAlpnAnswers::is_asked_for_by(tls)) return SSL_CLIENT_HELLO_SUCCESS;
    SSL_CTX* const answering = static_cast<SSL_CTX*>(argument);
    if (SSL_set_SSL_CTX(tls, answering) != answering) {
        *alert = SSL_AD_INTERNAL_ERROR;
        return SSL_CLIENT_HELLO_ERROR;
    }
    // Not taken over from the context.
    SSL_set_options(tls, SSL_OP_NO_TICKET);
    static_cast<void>(SSL_set_num_tickets(tls, 0));
    return SSL_CLIENT_HELLO_SUCCESS;
}

}  // namespace

struct OwnTlsServer::Parts {
    Parts() : context(SSL_CTX_new(TLS_server_method())) {
        if (context == nullptr) throw std::runtime_error("OpenSSL makes no context");
        TlsAlpnAnswers::show_in(context.get(), answers);
    }
    const base::SystemClock clock;
    SystemTimer timer;
    std::shared_ptr<TlsAlpnAnswers> answers = std::make_shared<TlsAlpnAnswers>();
    Context context;
};

OwnTlsServer::OwnTlsServer() : parts_(std::make_shared<Parts>()) {}

OwnTlsServer::~OwnTlsServer() = default;

void OwnTlsServer::answer_in(SSL_CTX* context) const {
    keep_with(context, parts_);
    SSL_CTX_set_client_hello_cb(context, &on_client_hello, parts_->context.get());
}

std::string OwnTlsServer::specification() const {
    return "own-tls";
}

std::span<const protocol::ChallengeType> OwnTlsServer::challenge_types() const {
    static constexpr std::array types = {protocol::ChallengeType::tls_alpn_01};
    return types;
}

void OwnTlsServer::present(const Challenge& challenge) {
    parts_->answers->put_up(challenge, parts_->clock, parts_->timer);
}

void OwnTlsServer::clean_up(const Challenge& challenge) {
    parts_->answers->take_down(challenge);
}

}  // namespace cairn::client
