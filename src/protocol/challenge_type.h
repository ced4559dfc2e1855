#pragma once

#include <optional>
#include <string_view>

namespace cairn::protocol {

/// Ways to prove control of an identifier (RFC 8555 section 8, RFC 8737).
enum class ChallengeType { http_01, dns_01, tls_alpn_01 };

/// "http-01", "dns-01", "tls-alpn-01".
[[nodiscard]] std::string_view to_string(ChallengeType type);
/// The reverse; nothing for a type that is not known here.
[[nodiscard]] std::optional<ChallengeType> challenge_type_from(std::string_view text);

}  // namespace cairn::protocol
