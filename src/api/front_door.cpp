#include "api/front_door.h"

#include <algorithm>
#include <array>

#include "api/problem_response.h"
#include "ca/ports/repository.h"
#include "net/ascii.h"
#include "net/url.h"
#include "protocol/problem.h"

namespace cairn::api {

using http::Request;
using http::Response;
using protocol::Problem;
using protocol::ProblemType;

namespace {

constexpr base::Seconds store_retry{5};

Response store_response(const ca::StoreFailure& failure, const char* detail) {
    Problem problem(ProblemType::server_internal, detail, 503);
    problem.retry_after = store_retry;
    auto response = problem_response(problem);
    response.log_detail = failure.what();
    return response;
}

/// At most so many are added here.
constexpr std::size_t fields_of_every_answer = 5;

std::string joined(const std::vector<std::string_view>& methods) {
    std::string result;
    for (const auto method : methods) {
        if (!result.empty()) result += ", ";
        result += method;
    }
    return result;
}

// A preflight of the CORS protocol; RFC 8555 section 6.1 wants browsers to be able to be clients.
Response preflight(const std::vector<std::string_view>& methods) {
    Response response;
    response.status = 204;
    response.fields.emplace_back("Access-Control-Allow-Methods", joined(methods));
    response.fields.emplace_back("Access-Control-Allow-Headers", "Content-Type");
    response.fields.emplace_back("Access-Control-Max-Age", "86400");
    return response;
}

}  // namespace

FrontDoor::FrontDoor(const Links& links, ca::Nonces& nonces, http::Router router, Options options)
    : nonces_(nonces),
      router_(std::move(router)),
      options_(std::move(options)),
      index_link_("<" + links.to(path::directory) + ">;rel=\"index\"") {}

bool FrontDoor::is_for_us(const Request& request) const {
    const auto host = request.field("Host");
    const auto is_known = [&](std::string_view name) {
        return std::ranges::any_of(options_.hosts, [&](const std::string& known) {
            return net::same_ignoring_case(name, known);
        });
    };
    if (is_known(host)) return true;
    // Or another spelling: a final dot, the scheme's own port, an IPv6 address written in full.
    if (host.find_first_of("/?#") != std::string_view::npos) return false;
    return std::ranges::any_of(std::array{"https://", "http://"}, [&](const char* scheme) {
        const auto url = net::Url::from_text(std::string(scheme).append(host));
        return url && is_known(url->authority());
    });
}

FrontDoor::Asked::Asked(const Request& request)
    : directory(request.path() == path::directory),
      new_nonce(request.path() == path::new_nonce),
      post(request.method == "POST") {}

void FrontDoor::add_common_fields(Response& response, Asked asked) const {
    response.fields.reserve(response.fields.size() + fields_of_every_answer);
    if (!asked.directory) response.fields.emplace_back("Link", index_link_);
    if (asked.post || asked.new_nonce)
        response.fields.emplace_back("Replay-Nonce", nonces_.issue());
    if (asked.new_nonce) response.fields.emplace_back("Cache-Control", "no-store");
    response.fields.emplace_back("Access-Control-Allow-Origin", "*");
    response.fields.emplace_back("Access-Control-Expose-Headers",
                                 "Link, Replay-Nonce, Location, Retry-After");
}

Response FrontDoor::refuse(const Request& understood, const http::Refusal& refusal) const {
    const bool is_ours = refusal.status == 500 || refusal.status == 503;
    Problem problem(is_ours ? ProblemType::server_internal : ProblemType::malformed, refusal.detail,
                    refusal.status);
    if (refusal.status == 503) problem.retry_after = store_retry;
    auto response = problem_response(problem);
    add_common_fields(response, Asked(understood));
    return response;
}

base::Task<Response> FrontDoor::handle(Request request) const {
    const Asked asked(request);
    const auto received = request.received;
    auto kind = RequestKind::unknown;
    std::optional<ProblemType> problem_type;
    Response response;
    try {
        response = co_await route(request, kind);
    } catch (const Problem& problem) {
        problem_type = problem.type;
        response = problem_response(problem);
        if (problem.type == ProblemType::user_action_required && !options_.terms_of_service.empty())
            response.fields.emplace_back("Link", options_.terms_of_service);
        // RFC 8555 section 6.6, also of what is bounded and no limit of the operator's.
        if (problem.type == ProblemType::rate_limited && problem.links.empty() &&
            !options_.help.empty())
            response.fields.emplace_back("Link", "<" + options_.help + ">;rel=\"help\"");
    } catch (const ca::OutcomeUnknown& failure) {
        problem_type = ProblemType::server_internal;
        response =
            store_response(failure,
                           "the CA's store was lost in the middle of this request, and it is "
                           "not known whether it was carried out: look before you repeat it");
    } catch (const ca::StoreFailure& failure) {
        problem_type = ProblemType::server_internal;
        response = store_response(failure, "the CA's store cannot serve now; try later");
    }
    add_common_fields(response, asked);
    options_.observer->answered({.kind = kind,
                                 .status = response.status,
                                 .problem = problem_type,
                                 .duration = std::chrono::steady_clock::now() - received});
    co_return response;
}

void FrontDoor::require_rate(const Request& request, RequestKind kind) const {
    if (options_.rates == nullptr) return;
    const auto client = base::IpAddress::from_lenient_text(request.remote_address);
    if (!client) return;
    const auto group = group_of(kind);
    const auto wait = options_.rates->refusal(group, *client, request.received);
    if (!wait) return;
    options_.observer->limit_refused(ca::LimitName::requests_per_ip);
    // 503, as Let's Encrypt answers: it says nothing about what was asked for.
    Problem problem(ProblemType::rate_limited,
                    "too many requests from this address at once (limit requests_per_ip." +
                        std::string(to_string(group)) + "); repeat it later",
                    503);
    problem.retry_after = std::chrono::ceil<base::Seconds>(*wait);
    if (!options_.help.empty()) problem.links.push_back("<" + options_.help + ">;rel=\"help\"");
    throw problem;
}

base::Task<Response> FrontDoor::route(Request& request, RequestKind& kind) const {
    if (!is_for_us(request))
        throw Problem(ProblemType::malformed, "the Host header names another server", 421);
    auto match = router_.find(request.method, request.path());
    kind = request_kind_of(match.pattern);
    require_rate(request, kind);
    if (match.methods.empty()) throw Problem(ProblemType::malformed, "no such resource", 404);
    if (match.handler == nullptr) {
        if (request.method == "OPTIONS") co_return preflight(match.methods);
        Problem problem(ProblemType::malformed,
                        "this resource does not answer " + base::printable(request.method, 20),
                        405);
        problem.allow = joined(match.methods);
        throw problem;
    }
    co_return co_await (*match.handler)(std::move(request), std::move(match.parameters));
}

}  // namespace cairn::api
