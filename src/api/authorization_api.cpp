#include "api/authorization_api.h"

#include <boost/asio/this_coro.hpp>

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
                                   ca::Validation& validation, const base::Clock& clock,
                                   base::Announcements& announcements)
    : links_(links),
      gate_(gate),
      ordering_(ordering),
      validation_(validation),
      clock_(clock),
      announcements_(announcements) {}

void AuthorizationApi::add_to(Router& router) {
    router.add("POST", path::authorization, [this](Request request, Router::Parameters parameters) {
        return authorization(std::move(request), std::move(parameters[0]));
    });
    router.add("POST", path::challenge, [this](Request request, Router::Parameters parameters) {
        return challenge(std::move(request), std::move(parameters[0]), std::move(parameters[1]));
    });
}

bool AuthorizationApi::is_under_way(const ca::Authorization& authorization) const {
    return is_recorded_under_way(authorization) || validation_.is_under_way(authorization.id);
}

base::Task<ca::Authorization> AuthorizationApi::settled(ca::Authorization authorization,
                                                        base::Milliseconds patience) {
    if (!is_under_way(authorization)) co_return authorization;
    const auto account = authorization.account;
    const auto id = authorization.id;
    auto ticket = announcements_.ticket(co_await boost::asio::this_coro::executor, id.to_string());
    // Read again: it may have ended between the first reading and the ticket.
    authorization = co_await ordering_.read_authorization(account, id);
    if (!is_under_way(authorization)) co_return authorization;
    co_await ticket.wait(patience);
    co_return co_await ordering_.read_authorization(account, id);
}

base::Task<ca::Authorization> AuthorizationApi::attempted(ca::Authorization authorization,
                                                          ca::Account owner, ChallengeType type,
                                                          ca::RequestContext context) {
    const auto account = owner.id;
    const auto id = authorization.id;
    const bool was_under_way = is_recorded_under_way(authorization);
    // Taken first, so that no end is missed.
    auto ticket = announcements_.ticket(co_await boost::asio::this_coro::executor, id.to_string());
    const auto attempt =
        co_await validation_.begin(std::move(authorization), std::move(owner), type, context);
    if (was_under_way || validation_.is_under_way(id)) co_await ticket.wait(longest_challenge_hold);
    if (auto outcome = validation_.outcome(attempt)) co_return *std::move(outcome);
    authorization = co_await ordering_.read_authorization(account, id);
    if (authorization.attempt || authorization.deactivated) co_return authorization;
    co_await validation_.record(id, type, std::move(context));
    co_return co_await ordering_.read_authorization(account, id);
}

base::Task<Response> AuthorizationApi::authorization(Request request, std::string id) {
    auto [signed_request, found] = co_await gate_.from_account(
        request, ordering_.find_authorization(ca::AuthorizationId::from_text(id)));
    const auto account = signed_request.account.id;
    auto authorization = ca::Ordering::require_own(std::move(found), account);
    if (signed_request.is_post_as_get()) {
        authorization = co_await settled(std::move(authorization), longest_hold);
        co_return authorization_response(authorization, clock_.now(), links_);
    }
    auto update = protocol::parse_authorization_update(signed_request.payload);
    if (!update) throw std::move(update.error());
    authorization = co_await ordering_.deactivate_authorization(account, authorization.id);
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
        found = co_await settled(std::move(found), longest_challenge_hold);
    } else {
        auto answer = protocol::parse_challenge_response(signed_request.payload);
        if (!answer) throw std::move(answer.error());
        ca::RequestContext context{.request = std::move(request.id), .received = request.received};
        found = co_await attempted(std::move(found), std::move(signed_request.account), *type,
                                   std::move(context));
    }
    co_return challenge_response(found, *type, clock_.now(), links_);
}

}  // namespace cairn::api
