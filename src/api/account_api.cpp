#include "api/account_api.h"

#include "api/problem_response.h"
#include "crypto/key_weakness.h"
#include "protocol/account.h"
#include "protocol/jws.h"

namespace cairn::api {

using http::Request;
using http::Response;
using http::Router;
using protocol::Problem;
using protocol::ProblemType;

namespace {

// Throws unless `id` in the path is the account that signed.
void require_own(const JwsGate::FromAccount& signed_request, const std::string& id) {
    if (signed_request.account.id.to_string() != id)
        throw Problem(ProblemType::unauthorized, "this is the resource of another account");
}

// The inner JWS of a key change, checked against the outer one (section 7.3.5).
protocol::Jwk require_new_key(const JwsGate::FromAccount& outer, const Links& links) {
    const auto malformed = [](std::string detail) {
        return Problem(ProblemType::malformed, "inner JWS: " + std::move(detail));
    };
    const auto inner = protocol::Jws::from_json(outer.payload, protocol::Jws::Nonce::forbidden);
    if (!inner) {
        Problem problem = inner.error();
        problem.detail = "inner JWS: " + problem.detail;
        if (problem.type == ProblemType::unauthorized) problem = malformed("it has no url");
        throw problem;
    }
    if (!inner->jwk()) throw malformed("it must carry the new key as jwk");
    if (inner->url() != outer.url) throw malformed("its url is not that of the outer JWS");
    // Before it computes anything.
    if (auto weakness = crypto::size_weakness(inner->jwk()->public_key()))
        throw Problem(ProblemType::bad_public_key, "the key is refused: " + *weakness);
    if (!inner->is_signed_by(inner->jwk()->public_key()))
        throw malformed("its signature does not verify under the new key");
    auto change = protocol::KeyChangeRequest::from_json(inner->payload());
    if (!change) throw std::move(change.error());
    if (links.account_from(change->account) != outer.account.id)
        throw malformed("account is not the account that signed");
    if (change->old_key.thumbprint() != outer.account.key.thumbprint())
        throw malformed("oldKey is not the key of the account");
    return *inner->jwk();
}

}  // namespace

AccountApi::AccountApi(const Links& links, JwsGate& gate, ca::Registration& registration,
                       ca::Ordering& ordering)
    : links_(links), gate_(gate), registration_(registration), ordering_(ordering) {}

void AccountApi::add_to(Router& router) {
    router.add("POST", path::new_account, [this](Request request, Router::Parameters) {
        return new_account(std::move(request));
    });
    router.add("POST", path::account, [this](Request request, Router::Parameters parameters) {
        return account(std::move(request), std::move(parameters[0]));
    });
    router.add("POST", path::account_orders,
               [this](Request request, Router::Parameters parameters) {
                   return orders(std::move(request), std::move(parameters[0]));
               });
    router.add("POST", path::key_change, [this](Request request, Router::Parameters) {
        return key_change(std::move(request));
    });
}

Response AccountApi::account_response(const ca::Account& account, int status) const {
    protocol::AccountObject object;
    object.status = account.status();
    object.contact = account.contacts;
    object.terms_of_service_agreed = registration_.terms().are_agreed_to_by(account);
    if (account.binding) object.external_account_binding = account.binding->object;
    object.orders = links_.account_orders(account.id);
    Response response;
    response.status = status;
    response.content_type = "application/json";
    response.body = object.to_json();
    response.fields.emplace_back("Location", links_.account(account.id));
    response.log_account = account.id.to_string();
    return response;
}

base::Task<Response> AccountApi::new_account(Request request) {
    auto signed_request = co_await gate_.from_key(request);
    auto wanted = protocol::NewAccountRequest::from_json(signed_request.payload);
    if (!wanted) throw std::move(wanted.error());
    const auto creation = co_await registration_.register_account(
        std::move(*wanted), std::move(signed_request.key), std::move(signed_request.url),
        std::move(signed_request.context));
    co_return account_response(creation.account, creation.created ? 201 : 200);
}

base::Task<Response> AccountApi::account(Request request, std::string id) {
    auto signed_request = co_await gate_.from_account(request);
    require_own(signed_request, id);
    if (signed_request.is_post_as_get()) co_return account_response(signed_request.account, 200);
    auto update = protocol::AccountUpdate::from_json(signed_request.payload);
    if (!update) throw std::move(update.error());
    const auto changed = co_await registration_.update(
        std::move(signed_request.account), std::move(*update), std::move(signed_request.context));
    co_return account_response(changed, 200);
}

base::Task<Response> AccountApi::orders(Request request, std::string id) {
    const auto signed_request = co_await gate_.from_account(request);
    require_own(signed_request, id);
    signed_request.require_post_as_get();

    std::optional<ca::OrderId> before;
    const std::string_view target = request.target;
    if (const auto query = target.find('?'); query != std::string_view::npos) {
        constexpr std::string_view cursor = "before=";
        auto value = target.substr(query + 1);
        if (!value.starts_with(cursor))
            throw Problem(ProblemType::malformed, "the query of an orders URL is before=ORDER");
        const auto order = ca::OrderId::from_text(value.substr(cursor.size()));
        if (!order) throw Problem(ProblemType::malformed, "the cursor in the query is not ours");
        before = *order;
    }
    const auto page = co_await ordering_.list(signed_request.account.id, before);
    protocol::OrdersList list;
    for (const auto& order : page.orders) list.orders.push_back(links_.order(order));
    Response response;
    response.content_type = "application/json";
    response.body = list.to_json();
    response.log_account = id;
    if (page.next) {
        response.fields.emplace_back(
            "Link",
            "<" + links_.account_orders(signed_request.account.id, *page.next) + ">;rel=\"next\"");
    }
    co_return response;
}

base::Task<Response> AccountApi::key_change(Request request) {
    auto signed_request = co_await gate_.from_account(request);
    auto new_key = require_new_key(signed_request, links_);
    std::optional<ca::AccountId> holder;
    try {
        co_await registration_.change_key(signed_request.account, new_key,
                                          std::move(signed_request.context));
    } catch (const ca::Registration::KeyTaken& taken) {
        holder = taken.holder;
    }
    if (holder) {
        // RFC 8555 section 7.3.5; "conflict" is no registered type.
        Problem problem(ProblemType::malformed, "another account has the new key", 409);
        problem.location = links_.account(*holder);
        throw problem;
    }
    auto changed = std::move(signed_request.account);
    changed.key = std::move(new_key);
    co_return account_response(changed, 200);
}

}  // namespace cairn::api
