#include "bench/load_client.h"

#include <chrono>
#include <optional>
#include <stdexcept>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "pki/csr.h"
#include "protocol/account.h"
#include "protocol/authorization.h"
#include "protocol/jws.h"
#include "protocol/key_authorization.h"
#include "protocol/order.h"

namespace cairn::bench {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Response = http::response<http::string_body>;
using Stream = asio::ssl::stream<asio::ip::tcp::socket>;

void ChallengeBoard::put(const std::string& token, std::string key_authorization) {
    const std::scoped_lock lock(mutex_);
    answers_[token] = std::move(key_authorization);
}

void ChallengeBoard::remove(const std::string& token) {
    const std::scoped_lock lock(mutex_);
    answers_.erase(token);
}

std::string ChallengeBoard::find(const std::string& token) {
    const std::scoped_lock lock(mutex_);
    const auto found = answers_.find(token);
    return found == answers_.end() ? std::string() : found->second;
}

struct LoadClient::State {
    State(LoadOptions load_options, protocol::Directory ca, ChallengeBoard& challenges,
          std::size_t client_number)
        : options(std::move(load_options)),
          directory(std::move(ca)),
          board(challenges),
          number(client_number),
          tls(asio::ssl::context::tls_client) {
        tls.load_verify_file(options.root_file);
        tls.set_verify_mode(asio::ssl::verify_peer);
    }

    base::Task<void> connect() {
        stream.emplace(co_await asio::this_coro::executor, tls);
        const asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(),
                                               static_cast<std::uint16_t>(options.port));
        co_await stream->next_layer().async_connect(endpoint, asio::use_awaitable);
        stream->next_layer().set_option(asio::ip::tcp::no_delay(true));
        std::string host = "localhost";
        SSL_ctrl(stream->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 host.data());
        co_await stream->async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
    }

    base::Task<Response> exchange(http::request<http::string_body> request) {
        if (!stream) co_await connect();
        request.set(http::field::host, "localhost:" + std::to_string(options.port));
        request.set(http::field::user_agent, "cairn-bench");
        request.prepare_payload();
        co_await http::async_write(*stream, request, asio::use_awaitable);
        boost::beast::flat_buffer buffer;
        http::response_parser<http::string_body> parser;
        if (request.method() == http::verb::head) parser.skip(true);
        co_await http::async_read(*stream, buffer, parser, asio::use_awaitable);
        auto response = parser.release();
        if (const auto fresh = response.find("Replay-Nonce"); fresh != response.end())
            nonce = std::string(fresh->value());
        co_return response;
    }

    std::string target_of(const std::string& url) const {
        return url.substr(url.find('/', std::string_view("https://").size()));
    }

    base::Task<Response> post(std::string url, std::string payload) {
        if (nonce.empty())
            co_await exchange({http::verb::head, target_of(directory.new_nonce), 11});
        http::request<http::string_body> request{http::verb::post, target_of(url), 11};
        request.set(http::field::content_type, "application/jose+json");
        request.body() = protocol::make_jws(key, {.url = url, .nonce = nonce, .kid = kid}, payload);
        auto response = co_await exchange(std::move(request));
        if (response.result_int() >= 400) throw std::runtime_error(url + ": " + response.body());
        co_return response;
    }

    template <class Object>
    static Object require(base::Result<Object> object) {
        if (!object) throw std::runtime_error(object.error().message);
        return std::move(*object);
    }

    base::Task<void> prove(std::string authorization_url) {
        auto response = co_await post(authorization_url, "");
        const auto authorization =
            require(protocol::AuthorizationObject::from_json(base::bytes_of(response.body())));
        for (const auto& challenge : authorization.challenges) {
            if (challenge.type != "http-01") continue;
            const auto token = *protocol::Token::from_text(challenge.token);
            board.put(token.text(),
                      key_authorization(token, protocol::Jwk::of(key.public_key()).thumbprint()));
            co_await post(challenge.url, "{}");
            auto status = protocol::AuthorizationStatus::pending;
            while (status == protocol::AuthorizationStatus::pending) {
                const auto poll = co_await post(authorization_url, "");
                status =
                    require(protocol::AuthorizationObject::from_json(base::bytes_of(poll.body())))
                        .status;
            }
            board.remove(token.text());
            if (status != protocol::AuthorizationStatus::valid)
                throw std::runtime_error("the authorization became " +
                                         std::string(to_string(status)));
        }
    }

    LoadOptions options;
    protocol::Directory directory;
    ChallengeBoard& board;
    std::size_t number;
    asio::ssl::context tls;
    crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    // Making keys is the client's own cost; one key serves all of its requests for certificates.
    crypto::PrivateKey certificate_key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    std::optional<Stream> stream;
    std::string nonce, kid;
    std::size_t orders = 0;
};

LoadClient::LoadClient(LoadOptions options, protocol::Directory directory, ChallengeBoard& board,
                       std::size_t number)
    : state_(std::make_unique<State>(std::move(options), std::move(directory), board, number)) {}
LoadClient::~LoadClient() = default;

base::Task<void> LoadClient::register_account() {
    const auto response =
        co_await state_->post(state_->directory.new_account, R"({"termsOfServiceAgreed":true})");
    state_->kid = std::string(response.at(http::field::location));
}

base::Task<double> LoadClient::obtain() {
    auto& state = *state_;
    if (state.options.connections == Connections::fresh) state.stream.reset();
    const auto begun = std::chrono::steady_clock::now();

    protocol::NewOrderRequest wanted;
    pki::SubjectNames names;
    const auto order_number = std::to_string(state.number) + "-" + std::to_string(++state.orders);
    for (std::size_t i = 0; i < state.options.names; ++i) {
        names.dns_names.push_back("n" + std::to_string(i) + "." + order_number + ".bench.test");
        wanted.identifiers.push_back(*protocol::Identifier::dns(names.dns_names.back()));
    }
    auto response = co_await state.post(state.directory.new_order, wanted.to_json());
    const std::string order_url(response.at(http::field::location));
    auto order = State::require(protocol::OrderObject::from_json(base::bytes_of(response.body())));
    for (const auto& authorization : order.authorizations) co_await state.prove(authorization);

    const protocol::FinalizeRequest finalize{pki::make_csr(state.certificate_key, names)};
    response = co_await state.post(order.finalize, finalize.to_json());
    order = State::require(protocol::OrderObject::from_json(base::bytes_of(response.body())));
    while (order.status == protocol::OrderStatus::processing) {
        response = co_await state.post(order_url, "");
        order = State::require(protocol::OrderObject::from_json(base::bytes_of(response.body())));
    }
    if (order.certificate.empty())
        throw std::runtime_error("the order became " + std::string(to_string(order.status)));
    response = co_await state.post(order.certificate, "");
    if (response.body().find("BEGIN CERTIFICATE") == std::string::npos)
        throw std::runtime_error("no certificate came");
    const std::chrono::duration<double, std::milli> taken =
        std::chrono::steady_clock::now() - begun;
    co_return taken.count();
}

}  // namespace cairn::bench
