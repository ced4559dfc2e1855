#pragma once
// Private to the tests of va: a challenge, and settings that let validation reach the peers.

#include <string>
#include <string_view>

#include "va/validation.h"

namespace cairn::va::testing {

/// The key authorization of RFC 8555 section 8.3's example.
inline constexpr std::string_view key_authorization =
    "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI";
inline constexpr std::string_view token = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0";
inline constexpr std::string_view challenge_path =
    "/.well-known/acme-challenge/LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0";

inline Validation challenge_for(protocol::Identifier identifier) {
    return {std::move(identifier), protocol::Token::from_text(token).value(),
            std::string(key_authorization)};
}
inline Validation challenge_for(std::string_view name) {
    return challenge_for(protocol::Identifier::dns(name).value());
}

/// Only public addresses are allowed: none of the peers.
inline Settings public_settings() {
    Settings settings{.egress = EgressPolicy({})};
    settings.deadline = base::Milliseconds(5000);
    return settings;
}

inline Settings loopback_settings() {
    auto settings = public_settings();
    settings.egress = EgressPolicy({base::IpNetwork::from_text("127.0.0.0/8").value(),
                                    base::IpNetwork::from_text("::1").value()});
    return settings;
}

/// Short enough to wait for in a test.
inline constexpr base::Milliseconds short_deadline{300};

}  // namespace cairn::va::testing
