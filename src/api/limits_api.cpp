#include "api/limits_api.h"

#include "api/links.h"
#include "base/duration.h"

namespace cairn::api {
namespace {

constexpr std::string_view head =
    "Rate limits of this certificate authority\n"
    "\n"
    "Each limit is a bucket that fills evenly: what was used comes back one by one, not all at "
    "once\n"
    "at the end of the period. A refusal says when to come again (Retry-After), and which limit "
    "it\n"
    "was. What is refused costs nothing. The operator can give an account, a domain or a network\n"
    "other limits.\n"
    "\n";

std::string rate_text(const ca::Limit& limit) {
    auto text = std::to_string(limit.rate.count) + " per " + base::duration_text(limit.rate.period);
    if (limit.burst != 0) text += ", " + std::to_string(limit.burst) + " at once";
    return text;
}

}  // namespace

LimitsApi::LimitsApi(const ca::Limits& limits, const ca::RequestLimits& requests) : text_(head) {
    bool is_any = false;
    const auto add = [&](const std::string& name, std::string_view summary,
                         const std::optional<ca::Limit>& limit) {
        if (!limit) return;
        is_any = true;
        text_ += name + ": " + rate_text(*limit) + "\n    " + std::string(summary) + "\n";
    };
    for (const auto name : base::enumerators<ca::LimitName>)
        add(std::string(to_string(name)), ca::summary_of(name), limits[name]);
    const std::string prefix(to_string(ca::LimitName::requests_per_ip));
    for (const auto group : base::enumerators<ca::RequestGroup>)
        add(prefix + "." + std::string(to_string(group)),
            ca::summary_of(ca::LimitName::requests_per_ip), requests[group]);
    if (!is_any) text_ += "There are no limits.\n";
}

void LimitsApi::add_to(http::Router& router) {
    router.add("GET", path::limits,
               [this](http::Request, http::Router::Parameters) -> base::Task<http::Response> {
                   http::Response response;
                   response.content_type = "text/plain; charset=utf-8";
                   response.body = text_;
                   co_return response;
               });
}

}  // namespace cairn::api
