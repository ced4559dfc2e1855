#include "bench/validation_client.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "base/bytes.h"
#include "protocol/authorization.h"
#include "protocol/order.h"

namespace cairn::bench {

namespace {

using std::chrono::steady_clock;

constexpr base::Milliseconds between_polls{5};
constexpr std::chrono::seconds patience{60};

template <class Object>
Object require(base::Result<Object> object) {
    if (!object) throw std::runtime_error(object.error().message);
    return std::move(*object);
}

}  // namespace

base::Task<std::vector<OpenChallenge>> open_challenges(AcmeConnection& connection,
                                                       ChallengeBoard& board,
                                                       std::vector<std::string> names,
                                                       protocol::ChallengeType type) {
    connection.close();  // it may have been idle for long
    protocol::NewOrderRequest wanted;
    for (const auto& name : names) wanted.identifiers.push_back(*protocol::Identifier::dns(name));
    auto ordering = connection.post(connection.place().directory.new_order, wanted.to_json());
    const auto response = co_await std::move(ordering);
    const auto order = require(protocol::OrderObject::from_json(base::bytes_of(response.body())));
    std::vector<OpenChallenge> opened;
    for (const auto& url : order.authorizations) {
        auto reading = connection.post(url, "");
        const auto read = co_await std::move(reading);
        const auto offered =
            require(protocol::AuthorizationObject::from_json(base::bytes_of(read.body())));
        const auto challenge = std::ranges::find(offered.challenges, to_string(type),
                                                 &protocol::ChallengeObject::type);
        if (challenge == offered.challenges.end())
            throw std::runtime_error("the CA offers no " + std::string(to_string(type)));
        auto token = require(protocol::Token::from_text(challenge->token));
        auto key_authorization =
            protocol::key_authorization(token, connection.account().thumbprint);
        board.put({.type = type,
                   .name = offered.identifier.value(),
                   .token = std::move(token),
                   .key_authorization = std::move(key_authorization)});
        opened.push_back({.url = challenge->url, .authorization_url = url});
    }
    co_return opened;
}

base::Task<bool> respond_to(AcmeConnection& connection, OpenChallenge challenge) {
    auto responding = connection.post(challenge.url, "{}");
    const auto response = co_await std::move(responding);
    const auto told =
        require(protocol::ChallengeObject::from_json(base::bytes_of(response.body())));
    if (told.status == protocol::ChallengeStatus::invalid)
        throw std::runtime_error(challenge.url + ": " + response.body());
    co_return told.status == protocol::ChallengeStatus::valid;
}

base::Task<double> prove(AcmeConnection& connection, OpenChallenge challenge) {
    const auto begun = steady_clock::now();
    auto responding = respond_to(connection, challenge);
    bool is_valid = co_await std::move(responding);
    while (!is_valid) {
        if (steady_clock::now() - begun > patience)
            throw std::runtime_error(challenge.url + " was not decided within a minute");
        co_await base::sleep_for(between_polls);
        auto reading = connection.post(challenge.authorization_url, "");
        const auto read = co_await std::move(reading);
        const auto present =
            require(protocol::AuthorizationObject::from_json(base::bytes_of(read.body())));
        is_valid = present.status == protocol::AuthorizationStatus::valid;
        if (!is_valid && present.status != protocol::AuthorizationStatus::pending)
            throw std::runtime_error(challenge.authorization_url + ": " + read.body());
    }
    const std::chrono::duration<double, std::milli> taken = steady_clock::now() - begun;
    co_return taken.count();
}

}  // namespace cairn::bench
