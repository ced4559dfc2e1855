#include "api/authorization_api.h"

#include <span>

#include "api/hold.h"
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

}  // namespace

AuthorizationApi::AuthorizationApi(const Links& links, JwsGate& gate, ca::Ordering& ordering,
                                   ca::Validation& validation, ca::StandingProofs& standing,
                                   const base::Clock& clock, Options options)
    : links_(links),
      gate_(gate),
      ordering_(ordering),
      validation_(validation),
      standing_(standing),
      clock_(clock),
      options_(std::move(options)) {}

protocol::ChallengeObject AuthorizationApi::challenge_object(const ca::Authorization& authorization,
                                                             ChallengeType type) const {
    protocol::ChallengeObject object;
    object.type = to_string(type);
    object.url = links_.challenge(authorization.id, type);
    object.status = authorization.challenge_status(type);
    if (type == ChallengeType::dns_persist_01) {
        object.issuer_domain_names = options_.issuer_names;
        object.account_uri = links_.account(authorization.account);
    } else {
        object.token = authorization.token.text();
    }
    if (object.status == ChallengeStatus::valid) object.validated = authorization.attempt->finished;
    const bool is_tried = object.status != ChallengeStatus::pending;
    if (is_tried) object.error = authorization.attempt->problem;
    return object;
}

Response AuthorizationApi::authorization_response(const ca::Authorization& authorization) const {
    const auto now = clock_.now();
    protocol::AuthorizationObject object{
        .identifier = authorization.identifier.is_wildcard()
                          ? protocol::Identifier::of(authorization.identifier.dns_name(), false)
                          : authorization.identifier,
        .status = authorization.status(now),
        .expires = authorization.expires,
        .challenges = {},
        .wildcard = authorization.identifier.is_wildcard(),
        .subdomain_auth_allowed = authorization.for_subdomains};
    // RFC 8555 section 7.1.4: once it is decided, only the challenge that decided it.
    const bool decided = has_ended(authorization);
    for (const auto type : authorization.offered)
        if (!decided || authorization.attempt->method == type)
            object.challenges.push_back(challenge_object(authorization, type));
    Response response;
    response.content_type = "application/json";
    response.body = object.to_json();
    if (is_recorded_under_way(authorization))
        response.fields.emplace_back("Retry-After", retry_after(authorization, now));
    response.log_account = authorization.account.to_string();
    return response;
}

Response AuthorizationApi::challenge_response(const ca::Authorization& authorization,
                                              ChallengeType type) const {
    const auto object = challenge_object(authorization, type);
    Response response;
    response.content_type = "application/json";
    response.body = object.to_json();
    response.fields.emplace_back("Link",
                                 "<" + links_.authorization(authorization.id) + ">;rel=\"up\"");
    if (object.status == ChallengeStatus::processing)
        response.fields.emplace_back("Retry-After", retry_after(authorization, clock_.now()));
    response.log_account = authorization.account.to_string();
    return response;
}

void AuthorizationApi::add_to(Router& router) {
    if (options_.preauthorization)
        router.add("POST", path::new_authorization, [this](Request request, Router::Parameters) {
            return new_authorization(std::move(request));
        });
    router.add("POST", path::authorization, [this](Request request, Router::Parameters parameters) {
        return authorization(std::move(request), std::move(parameters[0]));
    });
    router.add("POST", path::challenge, [this](Request request, Router::Parameters parameters) {
        return challenge(std::move(request), std::move(parameters[0]), std::move(parameters[1]));
    });
}

base::Task<Response> AuthorizationApi::new_authorization(Request request) {
    auto signed_request = co_await gate_.from_account(request);
    auto wanted = protocol::NewAuthorizationRequest::from_json(signed_request.payload);
    if (!wanted) throw std::move(wanted.error());
    auto authorizing =
        ordering_.preauthorize(signed_request.account, std::move(*wanted), signed_request.context);
    auto authorization = co_await std::move(authorizing);
    if (ca::StandingProofs::concern(std::span(&authorization, 1))) {
        std::vector<ca::Authorization> one{authorization};
        auto looking = standing_.look(std::move(one), std::move(signed_request.account),
                                      std::move(signed_request.context), longest_hold);
        one = co_await std::move(looking);
        authorization = std::move(one.front());
    }
    auto response = authorization_response(authorization);
    response.status = 201;
    response.fields.emplace_back("Location", links_.authorization(authorization.id));
    co_return response;
}

base::Task<Response> AuthorizationApi::authorization(Request request, std::string id) {
    auto [signed_request, found] = co_await gate_.from_account(
        request, ordering_.find_authorization(ca::AuthorizationId::from_text(id)));
    auto authorization = ca::Ordering::require_own(std::move(found), signed_request.account.id);
    if (signed_request.is_post_as_get()) {
        authorization = co_await validation_.settled(std::move(authorization), longest_hold);
        co_return authorization_response(authorization);
    }
    auto update = protocol::parse_authorization_update(signed_request.payload);
    if (!update) throw std::move(update.error());
    authorization =
        co_await ordering_.deactivate(std::move(authorization), signed_request.context.cause());
    co_return authorization_response(authorization);
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
    co_return challenge_response(found, *type);
}

}  // namespace cairn::api
