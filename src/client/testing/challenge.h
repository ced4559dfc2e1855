#pragma once
// For the tests of client.

#include <string>
#include <string_view>

#include "client/solver.h"

namespace cairn::client::testing {

/// A challenge for `name` (a domain name or an address) with a token of this first letter.
inline Challenge challenge(protocol::ChallengeType type, std::string_view name, char first = 'a') {
    const auto address = protocol::Identifier::ip(name);
    const auto token =
        protocol::Token::from_text(std::string(1, first) + "-0123456789_ABCDEFGHIJKLMNOPQRSTUVW")
            .value();
    return {type, address ? *address : protocol::Identifier::dns(name).value(), token,
            token.text() + ".thumbprint"};
}

}  // namespace cairn::client::testing
