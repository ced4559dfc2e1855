#include "bench/load_client.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "bench/gate.h"
#include "bench/name_server.h"
#include "pki/csr.h"
#include "protocol/account.h"
#include "protocol/authorization.h"
#include "protocol/jws.h"
#include "protocol/order.h"

namespace cairn::bench {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using namespace std::chrono_literals;
using Response = http::response<http::string_body>;
using Stream = asio::ssl::stream<asio::ip::tcp::socket>;

namespace {

constexpr base::Milliseconds longest_pause = 16ms;
constexpr auto poll_patience = 60s;

template <class Object>
Object require(base::Result<Object> object) {
    if (!object) throw std::runtime_error(object.error().message);
    return std::move(*object);
}

std::string target_of(const std::string& url) {
    return url.substr(url.find('/', std::string_view("https://").size()));
}

// The waits after polls of one object that has not changed, longer and longer.
class Pauses {
  public:
    base::Task<void> wait() {
        if (std::chrono::steady_clock::now() > deadline_)
            throw std::runtime_error("polled for a minute without an end");
        co_await base::sleep_for(next_);
        next_ = std::min(next_ * 2, longest_pause);
    }

  private:
    base::Milliseconds next_{1};
    std::chrono::steady_clock::time_point deadline_ =
        std::chrono::steady_clock::now() + poll_patience;
};

}  // namespace

struct LoadTarget::State {
    State(Options load_options, protocol::Directory ca, ChallengeBoard& challenges,
          const LoadClock& load_clock)
        : options(std::move(load_options)),
          directory(std::move(ca)),
          board(challenges),
          clock(load_clock),
          tls(asio::ssl::context::tls_client) {
        tls.load_verify_file(options.root_file);
        tls.set_verify_mode(asio::ssl::verify_peer);
    }

    Options options;
    protocol::Directory directory;
    ChallengeBoard& board;
    const LoadClock& clock;
    asio::ssl::context tls;
    Gate gate;
};

LoadTarget::LoadTarget(Options options, protocol::Directory directory, ChallengeBoard& board,
                       const LoadClock& clock)
    : state_(std::make_unique<State>(std::move(options), std::move(directory), board, clock)) {}
LoadTarget::~LoadTarget() = default;

struct LoadClient::State {
    State(LoadTarget::State& load_target, std::size_t client_number)
        : target(load_target), number(client_number) {}

    base::Task<void> connect() {
        stream.emplace(co_await asio::this_coro::executor, target.tls);
        const asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(),
                                               static_cast<std::uint16_t>(target.options.port));
        co_await stream->next_layer().async_connect(endpoint, asio::use_awaitable);
        stream->next_layer().set_option(asio::ip::tcp::no_delay(true));
        std::string host = "localhost";
        SSL_ctrl(stream->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 host.data());
        co_await stream->async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
    }

    base::Task<Response> exchange(http::request<http::string_body> request) {
        if (!stream) co_await connect();
        request.set(http::field::host, "localhost:" + std::to_string(target.options.port));
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
        if (!response.keep_alive()) stream.reset();
        co_return response;
    }

    base::Task<Response> post(std::string url, std::string payload) {
        if (nonce.empty())
            co_await exchange({http::verb::head, target_of(target.directory.new_nonce), 11});
        http::request<http::string_body> request{http::verb::post, target_of(url), 11};
        request.set(http::field::content_type, "application/jose+json");
        request.body() = protocol::make_jws(key, {.url = url, .nonce = nonce, .kid = kid}, payload);
        ++requests;
        auto response = co_await exchange(std::move(request));
        if (response.result_int() >= 400) throw std::runtime_error(url + ": " + response.body());
        co_return response;
    }

    base::Task<std::optional<Gate::Passage>> pass(Gate::Company company) {
        if (!target.options.orders_alone) co_return std::nullopt;
        co_return co_await target.gate.enter(company);
    }

    base::Task<Response> post_order(std::string payload) {
        const auto passage = co_await pass(Gate::Company::alone);
        co_return co_await post(target.directory.new_order, std::move(payload));
    }

    base::Task<protocol::AuthorizationObject> authorization(std::string url) {
        const auto passage = co_await pass(Gate::Company::others);
        const auto response = co_await post(url, "");
        co_return require(
            protocol::AuthorizationObject::from_json(base::bytes_of(response.body())));
    }

    struct Responded {
        ChallengeAnswer answer;
        bool is_valid;  ///< the CA's answer to the challenge says so
    };
    // Puts the answer up and tells the CA.
    base::Task<Responded> respond(std::string authorization_url) {
        const auto offered = co_await authorization(authorization_url);
        const auto type = target.options.challenge;
        const auto challenge = std::ranges::find(offered.challenges, to_string(type),
                                                 &protocol::ChallengeObject::type);
        if (challenge == offered.challenges.end())
            throw std::runtime_error("the CA offers no " + std::string(to_string(type)));
        auto token = require(protocol::Token::from_text(challenge->token));
        auto key_authorization = protocol::key_authorization(token, thumbprint);
        ChallengeAnswer answer{.type = type,
                               .name = offered.identifier.value(),
                               .token = std::move(token),
                               .key_authorization = std::move(key_authorization)};
        target.board.put(answer);
        const auto response = co_await post(challenge->url, "{}");
        const auto told =
            require(protocol::ChallengeObject::from_json(base::bytes_of(response.body())));
        Responded responded{.answer = std::move(answer),
                            .is_valid = told.status == protocol::ChallengeStatus::valid};
        co_return responded;
    }

    // Polls until the authorization is valid.
    base::Task<void> await_validity(std::string authorization_url) {
        Pauses pauses;
        for (;;) {
            const auto present = co_await authorization(authorization_url);
            if (present.status == protocol::AuthorizationStatus::valid) co_return;
            if (present.status != protocol::AuthorizationStatus::pending)
                throw std::runtime_error(authorization_url + " became " +
                                         std::string(to_string(present.status)));
            co_await pauses.wait();
        }
    }

    LoadTarget::State& target;
    std::size_t number;
    crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    crypto::Sha256Digest thumbprint = protocol::Jwk::of(key.public_key()).thumbprint();
    // Making keys is the client's own cost; one key serves all of its requests for certificates.
    crypto::PrivateKey certificate_key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    std::optional<Stream> stream;
    std::string nonce, kid;
    std::size_t orders = 0, requests = 0;
};

LoadClient::LoadClient(LoadTarget& target, std::size_t number)
    : state_(std::make_unique<State>(*target.state_, number)) {}
LoadClient::~LoadClient() = default;

std::size_t LoadClient::requests() const {
    return state_->requests;
}

base::Task<void> LoadClient::register_account() {
    const auto response = co_await state_->post(state_->target.directory.new_account,
                                                R"({"termsOfServiceAgreed":true})");
    state_->kid = std::string(response.at(http::field::location));
}

base::Task<double> LoadClient::obtain() {
    auto& state = *state_;
    if (state.target.options.connections == Connections::fresh) state.stream.reset();
    const auto begun = state.target.clock.now();

    protocol::NewOrderRequest wanted;
    pki::SubjectNames names;
    const auto order_number = std::to_string(state.number) + "-" + std::to_string(++state.orders);
    for (std::size_t i = 0; i < state.target.options.names; ++i) {
        names.dns_names.push_back("n" + std::to_string(i) + "." + order_number + "." + bench_zone);
        wanted.identifiers.push_back(*protocol::Identifier::dns(names.dns_names.back()));
    }
    auto response = co_await state.post_order(wanted.to_json());
    const std::string order_url(response.at(http::field::location));
    auto order = require(protocol::OrderObject::from_json(base::bytes_of(response.body())));

    std::vector<State::Responded> responses;
    for (const auto& url : order.authorizations) responses.push_back(co_await state.respond(url));
    for (std::size_t i = 0; i < responses.size(); ++i) {
        // A challenge that is valid already has nothing to be polled for; lego takes it so too.
        if (!responses[i].is_valid) co_await state.await_validity(order.authorizations[i]);
        state.target.board.remove(responses[i].answer);
    }

    const protocol::FinalizeRequest finalize{pki::make_csr(state.certificate_key, names)};
    response = co_await state.post(order.finalize, finalize.to_json());
    order = require(protocol::OrderObject::from_json(base::bytes_of(response.body())));
    Pauses pauses;
    while (order.status == protocol::OrderStatus::processing) {
        response = co_await state.post(order_url, "");
        order = require(protocol::OrderObject::from_json(base::bytes_of(response.body())));
        if (order.status == protocol::OrderStatus::processing) co_await pauses.wait();
    }
    if (order.certificate.empty())
        throw std::runtime_error("the order became " + std::string(to_string(order.status)));
    response = co_await state.post(order.certificate, "");
    if (response.body().find("BEGIN CERTIFICATE") == std::string::npos)
        throw std::runtime_error("no certificate came");
    const std::chrono::duration<double, std::milli> taken = state.target.clock.now() - begun;
    co_return taken.count();
}

}  // namespace cairn::bench
