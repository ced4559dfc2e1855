#include "api/links.h"

namespace cairn::api {

namespace {

constexpr std::string_view hole = "{}";

// `pattern` with its holes filled in order.
template <class... Values>
std::string filled(std::string_view pattern, const Values&... values) {
    std::string result(pattern);
    std::size_t from = 0;
    const auto fill = [&](std::string_view value) {
        const auto at = result.find(hole, from);
        result.replace(at, hole.size(), value);
        from = at + value.size();
    };
    (fill(values), ...);
    return result;
}

}  // namespace

Links::Links(std::string public_url) : public_url_(std::move(public_url)) {}

std::string Links::to(std::string_view path) const {
    return public_url_ + std::string(path);
}

std::string Links::account(ca::AccountId id) const {
    return to(filled(path::account, id.to_string()));
}

std::string Links::account_orders(ca::AccountId id) const {
    return to(filled(path::account_orders, id.to_string()));
}

std::string Links::account_orders(ca::AccountId id, ca::OrderId before) const {
    return account_orders(id) + "?before=" + before.to_string();
}

std::string Links::order(ca::OrderId id) const {
    return to(filled(path::order, id.to_string()));
}

std::string Links::finalize(ca::OrderId id) const {
    return to(filled(path::finalize, id.to_string()));
}

std::string Links::authorization(ca::AuthorizationId id) const {
    return to(filled(path::authorization, id.to_string()));
}

std::string Links::challenge(ca::AuthorizationId id, protocol::ChallengeType type) const {
    return to(filled(path::challenge, id.to_string(), to_string(type)));
}

std::string Links::certificate(const pki::SerialNumber& serial) const {
    return to(filled(path::certificate, serial.to_hex()));
}

std::optional<ca::AccountId> Links::account_from(std::string_view url) const {
    const auto prefix = to(path::account.substr(0, path::account.find(hole)));
    if (!url.starts_with(prefix)) return std::nullopt;
    const auto id = ca::AccountId::from_text(url.substr(prefix.size()));
    if (!id) return std::nullopt;
    return *id;
}

}  // namespace cairn::api
