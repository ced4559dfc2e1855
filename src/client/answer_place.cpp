#include "client/answer_place.h"

#include <fmt/format.h>

namespace cairn::client {
namespace {

/// As it stands in a URL: an IPv6 address in brackets.
std::string url_host(const protocol::Identifier& identifier) {
    const auto value = identifier.base_value();
    return value.find(':') == std::string::npos ? value : fmt::format("[{}]", value);
}

}  // namespace

AnswerPlace answer_place_of(const Challenge& challenge) {
    switch (challenge.type) {
        case protocol::ChallengeType::http_01:
            return {fmt::format("http://{}/.well-known/acme-challenge/{}",
                                url_host(challenge.identifier), challenge.token.text()),
                    challenge.key_authorization};
        case protocol::ChallengeType::tls_alpn_01:
            return {url_host(challenge.identifier) + ":443", challenge.key_authorization};
        case protocol::ChallengeType::dns_01:
        case protocol::ChallengeType::dns_account_01:
        case protocol::ChallengeType::dns_persist_01: {
            auto record = dns_record_of(challenge);
            return {std::move(record.name), std::move(record.value)};
        }
    }
    return {};
}

}  // namespace cairn::client
