#include "protocol/status.h"

#include "base/enum_table.h"

namespace cairn::protocol {
namespace {

template <class Status>
using Words = base::EnumTable<Status, std::string_view>;

constexpr Words<AccountStatus> account_words({
    {AccountStatus::valid, "valid"},
    {AccountStatus::deactivated, "deactivated"},
    {AccountStatus::revoked, "revoked"},
});
constexpr Words<OrderStatus> order_words({
    {OrderStatus::pending, "pending"},
    {OrderStatus::ready, "ready"},
    {OrderStatus::processing, "processing"},
    {OrderStatus::valid, "valid"},
    {OrderStatus::invalid, "invalid"},
});
constexpr Words<AuthorizationStatus> authorization_words({
    {AuthorizationStatus::pending, "pending"},
    {AuthorizationStatus::valid, "valid"},
    {AuthorizationStatus::invalid, "invalid"},
    {AuthorizationStatus::deactivated, "deactivated"},
    {AuthorizationStatus::expired, "expired"},
    {AuthorizationStatus::revoked, "revoked"},
});
constexpr Words<ChallengeStatus> challenge_words({
    {ChallengeStatus::pending, "pending"},
    {ChallengeStatus::processing, "processing"},
    {ChallengeStatus::valid, "valid"},
    {ChallengeStatus::invalid, "invalid"},
});

}  // namespace

std::string_view to_string(AccountStatus status) {
    return account_words[status];
}
std::string_view to_string(OrderStatus status) {
    return order_words[status];
}
std::string_view to_string(AuthorizationStatus status) {
    return authorization_words[status];
}
std::string_view to_string(ChallengeStatus status) {
    return challenge_words[status];
}

std::optional<AccountStatus> account_status_from(std::string_view word) {
    return account_words.find(word);
}
std::optional<OrderStatus> order_status_from(std::string_view word) {
    return order_words.find(word);
}
std::optional<AuthorizationStatus> authorization_status_from(std::string_view word) {
    return authorization_words.find(word);
}
std::optional<ChallengeStatus> challenge_status_from(std::string_view word) {
    return challenge_words.find(word);
}

}  // namespace cairn::protocol
