#include "api/authorization_api.h"

#include "protocol/authorization.h"

namespace cairn::api {

using http::Request;
using http::Response;
using http::Router;
using protocol::ChallengeStatus;
using protocol::ChallengeType;
using protocol::Problem;
using protocol::ProblemType;

namespace {

constexpr base::Milliseconds longest_hold{1000};
// A client that answers challenges on the thread that waits for this response must not wait long.
constexpr base::Milliseconds longest_challenge_hold{300};
/// When to ask again about what is under way.
constexpr base::Seconds poll_again{1};

bool is_recorded_under_way(const ca::Authorization& authorization) {
    return authorization.attempt && !authorization.attempt->finished && !authorization.deactivated;
}

bool has_ended(const ca::Authorization& authorization) {
    return authorization.attempt && authorization.attempt->finished;
}

// RFC 8555 section 8.2: after the next try, where tries have failed.
std::string retry_after(const ca::Authorization& authorization, base::Time now) {
    auto wait = poll_again;
    if (const auto& attempt = authorization.attempt; attempt && attempt->problem)
        wait += ca::retry_pause(now - attempt->started);
    return std::to_string(wait.count());
}

protocol::ChallengeObject challenge_object(const ca::Authorization& authorization,
                                           ChallengeType type, const Links& links) {
    protocol::ChallengeObject object;
    object.type = to_string(type);
    object.url = links.challenge(authorization.id, type);
    object.status = authorization.challenge_status(type);
    object.token = authorization.token.text();
    if (object.status == ChallengeStatus::valid) object.validated = authorization.attempt->finished;
    const bool is_tried = object.status != ChallengeStatus::pending;
    if (is_tried) object.error = authorization.attempt->problem;
    return object;
}

Response authorization_response(const ca::Authorization& authorization, base::Time now,
                                const Links& links) {
    protocol::AuthorizationObject object{
        .identifier = authorization.identifier.is_wildcard()
                          ? protocol::Identifier::of(authorization.identifier.dns_name(), false)
                          : authorization.identifier,
        .status = authorization.status(now),
        .expires = authorization.expires,
        .challenges = {},
        .wildcard = authorization.identifier.is_wildcard()};
    // RFC 8555 section 7.1.4: once it is decided, only the challenge that decided it.
    const bool decided = has_ended(authorization);
    for (const auto type : authorization.offered)
        if (!decided || authorization.attempt->method == type)
            object.challenges.push_back(challenge_object(authorization, type, links));
    Response response;
    response.content_type = "application/json";
    response.body = object.to_json();
    if (is_recorded_under_way(authorization))
        response.fields.emplace_back("Retry-After", retry_after(authorization, now));
    response.log_account = authorization.account.to_string();
    return response;
}

Response challenge_response(const ca::Authorization& authorization, ChallengeType type,
                            base::Time now, const Links& links) {
    const auto object = challenge_object(authorization, type, links);
    Response response;
    response.content_type = "application/json";
    response.body = object.to_json();
    response.fields.emplace_back("Link",
                                 "<" + links.authorization(authorization.id) + ">;rel=\"up\"");
    if (object.status == ChallengeStatus::processing)
        response.fields.emplace_back("Retry-After", retry_after(authorization, now));
    response.log_account = authorization.account.to_string();
    return response;
}

}  // namespace

AuthorizationApi::AuthorizationApi(const Links& links, JwsGate& gate, ca::Ordering& ordering,
                                   ca::Validation& validation, const base::Clock& clock)
    : links_(links), gate_(gate), ordering_(ordering), validation_(validation), clock_(clock) {}

void AuthorizationApi::add_to(Router& router) {
    router.add("POST", path::authorization, [this](Request request, Router::Parameters parameters) {
        return authorization(std::move(request), std::move(parameters[0]));
    });
    router.add("POST", path::challenge, [this](Request request, Router::Parameters parameters) {
        return challenge(std::move(request), std::move(parameters[0]), std::move(parameters[1]));
    });
}

base::Task<Response> AuthorizationApi::authorization(Request request, std::string id) {
    auto [signed_request, found] = co_await gate_.from_account(
        request, ordering_.find_authorization(ca::AuthorizationId::from_text(id)));
    auto authorization = ca::Ordering::require_own(std::move(found), signed_request.account.id);
    if (signed_request.is_post_as_get()) {
        authorization = co_await validation_.settled(std::move(authorization), longest_hold);
        co_return authorization_response(authorization, clock_.now(), links_);
    }
    auto update = protocol::parse_authorization_update(signed_request.payload);
    if (!update) throw std::move(update.error());
    authorization = co_await ordering_.deactivate(std::move(authorization));
    co_return authorization_response(authorization, clock_.now(), links_);
}

base::Task<Response> AuthorizationApi::challenge(Request request, std::string id,
                                                 std::string type_text) {
    auto [signed_request, read] = co_await gate_.from_account(
        request, ordering_.find_authorization(ca::AuthorizationId::from_text(id)));
    auto found = ca::Ordering::require_own(std::move(read), signed_request.account.id);
    const auto type = protocol::challenge_type_from(type_text);
    if (!type || !found.offers(*type))
        throw Problem(ProblemType::malformed, "no such challenge", 404);
    if (signed_request.is_post_as_get()) {
        found = co_await validation_.settled(std::move(found), longest_challenge_hold);
    } else {
        auto answer = protocol::parse_challenge_response(signed_request.payload);
        if (!answer) throw std::move(answer.error());
        found =
            co_await validation_.respond(std::move(found), std::move(signed_request.account), *type,
                                         std::move(signed_request.context), longest_challenge_hold);
    }
    co_return challenge_response(found, *type, clock_.now(), links_);
}

}  // namespace cairn::api
