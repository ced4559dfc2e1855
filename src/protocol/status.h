#pragma once

#include <optional>
#include <string_view>

namespace cairn::protocol {

/// The states of RFC 8555 section 7.1.6.
enum class AccountStatus { valid, deactivated, revoked };
enum class OrderStatus { pending, ready, processing, valid, invalid };
enum class AuthorizationStatus { pending, valid, invalid, deactivated, expired, revoked };
enum class ChallengeStatus { pending, processing, valid, invalid };

/// The word that is sent.
[[nodiscard]] std::string_view to_string(AccountStatus status);
[[nodiscard]] std::string_view to_string(OrderStatus status);
[[nodiscard]] std::string_view to_string(AuthorizationStatus status);
[[nodiscard]] std::string_view to_string(ChallengeStatus status);

/// The reverse; nothing for an unknown word.
[[nodiscard]] std::optional<AccountStatus> account_status_from(std::string_view word);
[[nodiscard]] std::optional<OrderStatus> order_status_from(std::string_view word);
[[nodiscard]] std::optional<AuthorizationStatus> authorization_status_from(std::string_view word);
[[nodiscard]] std::optional<ChallengeStatus> challenge_status_from(std::string_view word);

}  // namespace cairn::protocol
