#include "bench/load_client.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <vector>

#include "bench/acme_connection.h"
#include "bench/gate.h"
#include "bench/name_server.h"
#include "pki/csr.h"
#include "protocol/account.h"
#include "protocol/authorization.h"
#include "protocol/order.h"

namespace cairn::bench {

using namespace std::chrono_literals;
using Response = AcmeResponse;

namespace {

constexpr base::Milliseconds longest_pause = 16ms;
constexpr auto poll_patience = 60s;

template <class Object>
Object require(base::Result<Object> object) {
    if (!object) throw std::runtime_error(object.error().message);
    return std::move(*object);
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
    State(Options load_options, protocol::Directory directory, ChallengeBoard& challenges,
          const LoadClock& load_clock)
        : options(std::move(load_options)),
          place(options.port, options.root_file, std::move(directory)),
          board(challenges),
          clock(load_clock) {}

    Options options;
    AcmePlace place;
    ChallengeBoard& board;
    const LoadClock& clock;
    Gate gate;
};

LoadTarget::LoadTarget(Options options, protocol::Directory directory, ChallengeBoard& board,
                       const LoadClock& clock)
    : state_(std::make_unique<State>(std::move(options), std::move(directory), board, clock)) {}
LoadTarget::~LoadTarget() = default;

struct LoadClient::State {
    State(LoadTarget::State& load_target, std::size_t client_number)
        : target(load_target), number(client_number) {}

    base::Task<std::optional<Gate::Passage>> pass(Gate::Company company) {
        if (!target.options.orders_alone) co_return std::nullopt;
        co_return co_await target.gate.enter(company);
    }

    base::Task<Response> post_order(std::string payload) {
        const auto passage = co_await pass(Gate::Company::alone);
        co_return co_await connection.post(target.place.directory.new_order, std::move(payload));
    }

    base::Task<protocol::AuthorizationObject> authorization(std::string url) {
        const auto passage = co_await pass(Gate::Company::others);
        const auto response = co_await connection.post(url, "");
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
        auto key_authorization = protocol::key_authorization(token, account.thumbprint);
        ChallengeAnswer answer{.type = type,
                               .name = offered.identifier.value(),
                               .token = std::move(token),
                               .key_authorization = std::move(key_authorization)};
        target.board.put(answer);
        const auto response = co_await connection.post(challenge->url, "{}");
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
    AcmeAccount account;
    AcmeConnection connection{target.place, account};
    // Making keys is the client's own cost; one key serves all of its requests for certificates.
    crypto::PrivateKey certificate_key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    std::size_t orders = 0;
};

LoadClient::LoadClient(LoadTarget& target, std::size_t number)
    : state_(std::make_unique<State>(*target.state_, number)) {}
LoadClient::~LoadClient() = default;

std::size_t LoadClient::requests() const {
    return state_->connection.requests();
}

base::Task<void> LoadClient::register_account() {
    co_await state_->connection.register_account();
}

base::Task<double> LoadClient::obtain() {
    auto& state = *state_;
    if (state.target.options.connections == Connections::fresh) state.connection.close();
    const auto begun = state.target.clock.now();

    protocol::NewOrderRequest wanted;
    pki::SubjectNames names;
    const auto order_number = std::to_string(state.number) + "-" + std::to_string(++state.orders);
    for (std::size_t i = 0; i < state.target.options.names; ++i) {
        names.dns_names.push_back("n" + std::to_string(i) + "." + order_number + "." + bench_zone);
        wanted.identifiers.push_back(*protocol::Identifier::dns(names.dns_names.back()));
    }
    auto response = co_await state.post_order(wanted.to_json());
    const std::string order_url(response.at(boost::beast::http::field::location));
    auto order = require(protocol::OrderObject::from_json(base::bytes_of(response.body())));

    std::vector<State::Responded> responses;
    for (const auto& url : order.authorizations) responses.push_back(co_await state.respond(url));
    for (std::size_t i = 0; i < responses.size(); ++i) {
        // A challenge that is valid already has nothing to be polled for; lego takes it so too.
        if (!responses[i].is_valid) co_await state.await_validity(order.authorizations[i]);
        state.target.board.remove(responses[i].answer);
    }

    const protocol::FinalizeRequest finalize{pki::make_csr(state.certificate_key, names)};
    response = co_await state.connection.post(order.finalize, finalize.to_json());
    order = require(protocol::OrderObject::from_json(base::bytes_of(response.body())));
    Pauses pauses;
    while (order.status == protocol::OrderStatus::processing) {
        response = co_await state.connection.post(order_url, "");
        order = require(protocol::OrderObject::from_json(base::bytes_of(response.body())));
        if (order.status == protocol::OrderStatus::processing) co_await pauses.wait();
    }
    if (order.certificate.empty())
        throw std::runtime_error("the order became " + std::string(to_string(order.status)));
    response = co_await state.connection.post(order.certificate, "");
    if (response.body().find("BEGIN CERTIFICATE") == std::string::npos)
        throw std::runtime_error("no certificate came");
    const std::chrono::duration<double, std::milli> taken = state.target.clock.now() - begun;
    co_return taken.count();
}

}  // namespace cairn::bench
