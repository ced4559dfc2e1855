#include "protocol/status.h"

#include <algorithm>
#include <array>

namespace cairn::protocol {
namespace {

// The words in the order of their enumerators.
constexpr std::array<std::string_view, 3> account_words = {"valid", "deactivated", "revoked"};
constexpr std::array<std::string_view, 5> order_words = {"pending", "ready", "processing", "valid",
                                                         "invalid"};
constexpr std::array<std::string_view, 6> authorization_words = {
    "pending", "valid", "invalid", "deactivated", "expired", "revoked"};
constexpr std::array<std::string_view, 4> challenge_words = {"pending", "processing", "valid",
                                                             "invalid"};

template <class Status, std::size_t count>
std::optional<Status> status_from(std::string_view word,
                                  const std::array<std::string_view, count>& words) {
    const auto* const found = std::ranges::find(words, word);
    if (found == words.end()) return std::nullopt;
    return static_cast<Status>(found - words.begin());
}

}  // namespace

std::string_view to_string(AccountStatus status) {
    return account_words.at(static_cast<std::size_t>(status));
}
std::string_view to_string(OrderStatus status) {
    return order_words.at(static_cast<std::size_t>(status));
}
std::string_view to_string(AuthorizationStatus status) {
    return authorization_words.at(static_cast<std::size_t>(status));
}
std::string_view to_string(ChallengeStatus status) {
    return challenge_words.at(static_cast<std::size_t>(status));
}

std::optional<AccountStatus> account_status_from(std::string_view word) {
    return status_from<AccountStatus>(word, account_words);
}
std::optional<OrderStatus> order_status_from(std::string_view word) {
    return status_from<OrderStatus>(word, order_words);
}
std::optional<AuthorizationStatus> authorization_status_from(std::string_view word) {
    return status_from<AuthorizationStatus>(word, authorization_words);
}
std::optional<ChallengeStatus> challenge_status_from(std::string_view word) {
    return status_from<ChallengeStatus>(word, challenge_words);
}

}  // namespace cairn::protocol
