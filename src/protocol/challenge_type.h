#pragma once

#include <optional>
#include <string_view>

#include "base/enum_table.h"

namespace cairn::protocol {

/// Ways to prove control of an identifier (RFC 8555 section 8, RFC 8737,
/// draft-ietf-acme-dns-account-label, draft-ietf-acme-dns-persist).
enum class ChallengeType { http_01, dns_01, tls_alpn_01, dns_account_01, dns_persist_01 };

/// The names of the IANA registry (RFC 8555 section 9.7.8), and those that the drafts ask it for.
inline constexpr base::EnumTable<ChallengeType, std::string_view> challenge_type_names({
    {ChallengeType::http_01, "http-01"},
    {ChallengeType::dns_01, "dns-01"},
    {ChallengeType::tls_alpn_01, "tls-alpn-01"},
    {ChallengeType::dns_account_01, "dns-account-01"},
    {ChallengeType::dns_persist_01, "dns-persist-01"},
});

/// "http-01", "dns-01", "tls-alpn-01", "dns-account-01", "dns-persist-01".
[[nodiscard]] constexpr std::string_view to_string(ChallengeType type) {
    return challenge_type_names[type];
}
/// The reverse; nothing for a type that is not known here.
[[nodiscard]] constexpr std::optional<ChallengeType> challenge_type_from(std::string_view text) {
    return challenge_type_names.find(text);
}

}  // namespace cairn::protocol
