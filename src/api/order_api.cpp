#include "api/order_api.h"

#include <set>

#include "api/hold.h"
#include "protocol/order.h"

namespace cairn::api {

using http::Request;
using http::Response;
using http::Router;
using protocol::OrderStatus;
using protocol::Problem;
using protocol::ProblemType;

namespace {

constexpr const char* poll_again_seconds = "1";

}  // namespace

OrderApi::OrderApi(const Links& links, JwsGate& gate, ca::Ordering& ordering,
                   ca::Issuance& issuance, ca::StandingProofs& standing)
    : links_(links), gate_(gate), ordering_(ordering), issuance_(issuance), standing_(standing) {}

void OrderApi::add_to(Router& router) {
    router.add("POST", path::new_order, [this](Request request, Router::Parameters) {
        return new_order(std::move(request));
    });
    router.add("POST", path::order, [this](Request request, Router::Parameters parameters) {
        return order(std::move(request), std::move(parameters[0]));
    });
    router.add("POST", path::finalize, [this](Request request, Router::Parameters parameters) {
        return finalize(std::move(request), std::move(parameters[0]));
    });
}

Response OrderApi::order_response(const ca::OrderView& view, int status) const {
    const auto& order = view.order;
    protocol::OrderObject object;
    object.status = view.status();
    object.expires = order.expires;
    object.identifiers = order.identifiers;
    object.not_before = order.not_before;
    object.not_after = order.not_after;
    object.error = order.error(view.proofs, view.now);
    std::set<ca::AuthorizationId> shown;  // one for a name above may stand at several places
    for (const auto& authorization : order.authorizations)
        if (shown.insert(authorization).second)
            object.authorizations.push_back(links_.authorization(authorization));
    object.finalize = links_.finalize(order.id);
    if (order.completed) object.certificate = links_.certificate(order.intent->serial);
    object.profile = order.profile;
    if (order.replaces) object.replaces = order.replaces->to_text();

    Response response;
    response.status = status;
    response.content_type = "application/json";
    response.body = object.to_json();
    response.fields.emplace_back("Location", links_.order(order.id));
    if (object.status == OrderStatus::processing)
        response.fields.emplace_back("Retry-After", poll_again_seconds);
    response.log_account = order.account.to_string();
    return response;
}

base::Task<Response> OrderApi::new_order(Request request) {
    auto signed_request = co_await gate_.from_account(request);
    auto wanted = protocol::NewOrderRequest::from_json(signed_request.payload);
    if (!wanted) throw std::move(wanted.error());
    auto placing =
        ordering_.place(signed_request.account, std::move(*wanted), signed_request.context);
    auto view = co_await std::move(placing);
    if (ca::StandingProofs::concern(view.proofs)) {
        auto looking = standing_.look(std::move(view.proofs), std::move(signed_request.account),
                                      std::move(signed_request.context), longest_hold);
        view.proofs = co_await std::move(looking);
    }
    co_return order_response(view, 201);
}

base::Task<Response> OrderApi::order(Request request, std::string id) {
    auto [signed_request, found] =
        co_await gate_.from_account(request, ordering_.find(ca::OrderId::from_text(id)));
    signed_request.require_post_as_get();
    auto view = ca::Ordering::require_own(std::move(found), signed_request.account.id);
    view = co_await issuance_.settled(std::move(view), longest_hold);
    co_return order_response(view, 200);
}

base::Task<Response> OrderApi::finalize(Request request, std::string id) {
    auto [signed_request, found] =
        co_await gate_.from_account(request, ordering_.find(ca::OrderId::from_text(id)));
    auto wanted = protocol::FinalizeRequest::from_json(signed_request.payload);
    if (!wanted) throw std::move(wanted.error());
    auto view = ca::Ordering::require_own(std::move(found), signed_request.account.id);
    view = co_await issuance_.finalize(std::move(view), std::move(*wanted),
                                       std::move(signed_request.context), longest_hold,
                                       std::move(signed_request.account));
    co_return order_response(view, 200);
}

}  // namespace cairn::api
