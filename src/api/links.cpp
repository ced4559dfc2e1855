#include "api/links.h"

namespace cairn::api {

namespace {

constexpr std::string_view hole = "{}";
/// Behind this follows the id of an account.
constexpr auto accounts = path::account.substr(0, path::account.find(hole));

// `public_url`, then `pattern` with its holes filled in order.
template <class... Values>
std::string filled(std::string_view public_url, std::string_view pattern, const Values&... values) {
    std::string result;
    result.reserve(public_url.size() + pattern.size() + (std::string_view(values).size() + ...));
    result += public_url;
    const auto fill = [&](std::string_view value) {
        const auto at = pattern.find(hole);
        result += pattern.substr(0, at);
        result += value;
        pattern.remove_prefix(at + hole.size());
    };
    (fill(values), ...);
    result += pattern;
    return result;
}

}  // namespace

Links::Links(std::string public_url, std::string former_public_url)
    : public_url_(std::move(public_url)), former_public_url_(std::move(former_public_url)) {}

std::string Links::to(std::string_view path) const {
    return std::string(public_url_).append(path);
}

std::string Links::account(ca::AccountId id) const {
    return filled(public_url_, path::account, id.to_string());
}

std::string Links::account_orders(ca::AccountId id) const {
    return filled(public_url_, path::account_orders, id.to_string());
}

std::string Links::account_orders(ca::AccountId id, ca::OrderId before) const {
    return account_orders(id) + "?before=" + before.to_string();
}

std::string Links::order(ca::OrderId id) const {
    return filled(public_url_, path::order, id.to_string());
}

std::string Links::finalize(ca::OrderId id) const {
    return filled(public_url_, path::finalize, id.to_string());
}

std::string Links::authorization(ca::AuthorizationId id) const {
    return filled(public_url_, path::authorization, id.to_string());
}

std::string Links::challenge(ca::AuthorizationId id, protocol::ChallengeType type) const {
    return filled(public_url_, path::challenge, id.to_string(), to_string(type));
}

std::string Links::certificate(const pki::SerialNumber& serial) const {
    return filled(public_url_, path::certificate, serial.to_hex());
}

std::string Links::other_chain(const pki::SerialNumber& serial, std::size_t number) const {
    return filled(public_url_, path::other_chain, serial.to_hex(), std::to_string(number));
}

bool Links::is_url_of(std::string_view url, std::string_view path) const {
    return url.size() == public_url_.size() + path.size() && url.starts_with(public_url_) &&
           url.ends_with(path);
}

std::optional<std::string_view> Links::behind_accounts(std::string_view url) const {
    const auto& base = url.starts_with(public_url_) ? public_url_ : former_public_url_;
    if (base.empty() || !url.starts_with(base)) return std::nullopt;
    url.remove_prefix(base.size());
    if (!url.starts_with(accounts)) return std::nullopt;
    return url.substr(accounts.size());
}

bool Links::is_under_accounts(std::string_view url) const {
    return behind_accounts(url).has_value();
}

std::optional<ca::AccountId> Links::account_from(std::string_view url) const {
    const auto behind = behind_accounts(url);
    if (!behind) return std::nullopt;
    const auto id = ca::AccountId::from_text(*behind);
    if (!id) return std::nullopt;
    return *id;
}

}  // namespace cairn::api
