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
#include "net/event_loops.h"
#include "net/socket_address.h"
#include "pki/certificate_builder.h"

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
/// How long an order waits for another that proves the same name, and how often it looks.
constexpr auto turn_patience = 60s;
constexpr auto turn_glance = 20ms;
/// An ALPN extension that offers acme-tls/1 alone (RFC 7301 section 3.1): the lengths of the list
/// and of the name, then the name.
constexpr std::array<unsigned char, 13> acme_tls_alone = {0,   11,  10,  'a', 'c', 'm', 'e',
                                                          '-', 't', 'l', 's', '/', '1'};

/// The name that the CA sends as SNI: for an address its name in the reverse tree (RFC 8738
/// section 6).
std::string server_name_of(const protocol::Identifier& identifier) {
    return identifier.type() == protocol::IdentifierType::ip
               ? identifier.ip_address().reverse_name()
               : identifier.base_value();
}

/// The certificates that are answered with at this moment. Thread-safe.
class Answers {
  public:
    /// False if another order's answer for the same name is up: a handshake can show but one.
    [[nodiscard]] bool add(const Challenge& challenge, const pki::Certificate& certificate) {
        const std::scoped_lock lock(mutex_);
        const auto [place, added] = by_name_.try_emplace(server_name_of(challenge.identifier),
                                                         Answer{challenge.token, certificate});
        return added || place->second.token == challenge.token;
    }
    void remove(const Challenge& challenge) {
        const std::scoped_lock lock(mutex_);
        const auto found = by_name_.find(server_name_of(challenge.identifier));
        if (found != by_name_.end() && found->second.token == challenge.token)
            by_name_.erase(found);
    }
    [[nodiscard]] bool is_empty() const {
        const std::scoped_lock lock(mutex_);
        return by_name_.empty();
    }
    [[nodiscard]] std::optional<pki::Certificate> certificate_for(std::string name) const {
        for (char& c : name)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        const std::scoped_lock lock(mutex_);
        const auto found = by_name_.find(name);
        if (found == by_name_.end()) return std::nullopt;
        return found->second.certificate;
    }
    [[nodiscard]] const crypto::PrivateKey& key() const { return key_; }

  private:
    struct Answer {
        protocol::Token token;
        pki::Certificate certificate;
    };
    const crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    mutable std::mutex mutex_;
    std::map<std::string, Answer> by_name_;
};

/// Whoever does not offer acme-tls/1, and it alone, is turned away before it sees a certificate.
int on_client_hello(SSL* tls, int* alert, void*) {
    const unsigned char* offered = nullptr;
    std::size_t size = 0;
    if (SSL_client_hello_get0_ext(tls, TLSEXT_TYPE_application_layer_protocol_negotiation, &offered,
                                  &size) == 1 &&
        std::ranges::equal(std::span(offered, size), acme_tls_alone))
        return SSL_CLIENT_HELLO_SUCCESS;
    *alert = SSL_AD_NO_APPLICATION_PROTOCOL;
    return SSL_CLIENT_HELLO_ERROR;
}

int on_protocols(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char*,
                 unsigned, void*) {
    *chosen = acme_tls_alone.data() + 3;
    *size = acme_tls_alone[2];
    return SSL_TLSEXT_ERR_OK;
}

/// Zero ends the handshake before a certificate is shown.
int on_certificate(SSL* tls, void* argument) {
    const auto& answers = *static_cast<const Answers*>(argument);
    const char* name = SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name);
    const auto certificate = name == nullptr ? std::nullopt : answers.certificate_for(name);
    return certificate && SSL_use_certificate(tls, certificate->handle()) == 1 &&
                   SSL_use_PrivateKey(tls, answers.key().handle()) == 1
               ? 1
               : 0;
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
    explicit Server(std::shared_ptr<Answers> answers)
        : answers_(std::move(answers)), context_(asio::ssl::context::tls_server) {
        SSL_CTX* const raw = context_.native_handle();
        SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
        // One handshake is all that there is: nothing to resume.
        SSL_CTX_set_options(raw, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
        SSL_CTX_set_num_tickets(raw, 0);
        SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_client_hello_cb(raw, &on_client_hello, nullptr);
        SSL_CTX_set_alpn_select_cb(raw, &on_protocols, nullptr);
        SSL_CTX_set_cert_cb(raw, &on_certificate, answers_.get());
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

    std::shared_ptr<Answers> answers_;
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
        if (!server_ && !turn_.is_with_another()) Server(answers_).listen(listening_.address);
        return std::nullopt;
    } catch (const Failure& failure) {
        return failure;
    }

    void present(const Challenge& challenge) override {
        pki::SubjectNames names;
        if (challenge.identifier.type() == protocol::IdentifierType::ip)
            names.ip_addresses.push_back(challenge.identifier.ip_address());
        else
            names.dns_names.push_back(challenge.identifier.base_value());
        const auto digest = protocol::tls_alpn_digest(challenge.key_authorization);
        const auto certificate =
            pki::make_tls_alpn_certificate(names, digest, answers_->key(), clock_.now());
        const auto deadline = timer_.now() + turn_patience;
        while (!put_up(challenge, certificate)) {
            if (timer_.now() > deadline)
                throw Failure(
                    fmt::format("answer for {} by tls-alpn-01", challenge.identifier.value()),
                    "another certificate with this name is being proved all the time",
                    "run `cairn renew` again.");
            timer_.wait(turn_glance);
        }
    }

    void clean_up(const Challenge& challenge) override {
        const std::scoped_lock lock(mutex_);
        answers_->remove(challenge);
        if (answers_->is_empty()) stop();
    }

  private:
    bool put_up(const Challenge& challenge, const pki::Certificate& certificate) {
        const std::scoped_lock lock(mutex_);
        if (!server_) {
            turn_.take();
            try {
                server_ = start();
            } catch (...) {
                stop();
                throw;
            }
        }
        return answers_->add(challenge, certificate);
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
    std::shared_ptr<Answers> answers_ = std::make_shared<Answers>();
    std::mutex mutex_;
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
