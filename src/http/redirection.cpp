#include "http/redirection.h"

#include <algorithm>
#include <utility>

#include "net/ascii.h"
#include "net/url.h"

namespace cairn::http {
namespace {

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool becomes_get(int status, const std::string& method) {
    return (status == 303 && method != "HEAD") ||
           ((status == 301 || status == 302) && method == "POST");
}

bool tells_of_body(const std::string& name) {
    return net::ascii_lower(name).starts_with("content-");
}

bool tells_no_secret(const std::string& name) {
    return net::same_ignoring_case(name, "Accept") ||
           net::same_ignoring_case(name, "Accept-Language");
}

bool same_origin(const net::Url& left, const net::Url& right) {
    return left.is_https() == right.is_https() && left.authority() == right.authority();
}

}  // namespace

ExchangeError Redirection::not_followed(const std::string& reason) const {
    return {{request_.method + " " + base::printable(request_.url) + ": " + reason},
            ExchangeError::Kind::bad_redirect,
            true};
}

std::optional<ExchangeResult> Redirection::take(ExchangeResult result) {
    if (!result || limit_ == 0 || !is_redirect(result->status)) return result;
    if (followed_++ == limit_) {
        return std::unexpected(not_followed("more than " + std::to_string(limit_) + " redirects"));
    }
    if (auto error = turn_to(*result)) return std::unexpected(std::move(*error));
    return std::nullopt;
}

std::optional<ExchangeError> Redirection::turn_to(const Reply& reply) {
    const auto locations = reply.all_fields("location");
    if (locations.size() != 1) return not_followed("redirects without one Location");
    const auto here = net::Url::from_text(request_.url);
    if (!here) return not_followed(here.error().message);  // it was asked, so it is a URL
    const auto there = here->resolve(locations.front());
    if (!there) return not_followed("redirects to what is no URL: " + there.error().message);
    if (here->is_https() && !there->is_https()) return not_followed("redirects from https to http");

    if (becomes_get(reply.status, request_.method)) {
        request_.method = "GET";
        request_.body.clear();
        std::erase_if(request_.fields,
                      [](const auto& field) { return tells_of_body(field.first); });
    }
    if (!same_origin(*here, *there)) {
        if (!request_.body.empty()) return not_followed("redirects a body to another origin");
        std::erase_if(request_.fields,
                      [](const auto& field) { return !tells_no_secret(field.first); });
    }
    request_.url = there->to_string();
    request_.connect_to.reset();
    return std::nullopt;
}

}  // namespace cairn::http
