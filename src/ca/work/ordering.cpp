#include "ca/work/ordering.h"

#include "ca/rules/external_key_rules.h"
#include "ca/rules/order_rules.h"

namespace cairn::ca {

using protocol::Problem;
using protocol::ProblemType;

namespace {

// A proof about to lapse is not worth reusing: the client would have no time to finalize.
constexpr base::Seconds least_remaining_proof = std::chrono::hours(1);

// A proof made under another profile may be older than this one lets it be.
OrderStore::Reuse reuse_under(const Profile& profile, base::Time now) {
    const auto lapsing_after = now + least_remaining_proof;
    return {.finished_after = lapsing_after - profile.reuse_lifetime,
            .finished_by = now,
            .lapsing_after = lapsing_after};
}

// The same words for what is not there and what is somebody else's.
Problem not_found(const char* what) {
    return Problem(ProblemType::malformed, std::string("no such ") + what, 404);
}

}  // namespace

Ordering::Ordering(Repository& store, const NamePolicy& policy, const Profiles& profiles,
                   const Issuers& issuers, const base::Clock& clock, crypto::Random& random,
                   Terms terms, base::Log& log)
    : store_(store),
      policy_(policy),
      profiles_(profiles),
      issuers_(issuers),
      clock_(clock),
      random_(random),
      terms_(std::move(terms)),
      log_(log) {}

base::Task<std::optional<ExternalKey>> Ordering::external_key_of(Account account) {
    if (!account.binding) co_return std::nullopt;
    auto key = co_await store_.find_external_key(account.binding->kid);
    if (!key)
        throw Problem(ProblemType::unauthorized,
                      "the key of the account's external account is gone");
    co_return key;
}

const Profile& Ordering::require_profile(const std::string& name,
                                         const std::optional<ExternalKey>& external_key) const {
    const auto* profile = name.empty() && external_key
                              ? usual_profile(external_key->scope, profiles_)
                              : profiles_.find(name);
    if (profile == nullptr && name.empty())
        throw Problem(ProblemType::invalid_profile,
                      "this CA offers none of the profiles of the account's external account");
    if (profile == nullptr)
        throw Problem(ProblemType::invalid_profile,
                      "profile \"" + base::printable(name) + "\" is not offered");
    return *profile;
}

Authorization Ordering::authorization_for(const protocol::Identifier& identifier,
                                          const Order& order, const Profile& profile,
                                          const std::optional<ExternalKey>& external_key) const {
    Authorization authorization{.id = AuthorizationId::fresh(order.created, random_),
                                .account = order.account,
                                .identifier = identifier,
                                .created = order.created,
                                .expires = order.created + profile.pending_lifetime,
                                .token = protocol::Token::random(random_),
                                .offered = {},
                                .attempt = std::nullopt,
                                .deactivated = std::nullopt,
                                .profile = profile.name};
    if (external_key && is_vouched_for(identifier, *external_key, profile))
        authorization.vouched_by = external_key->kid;
    else
        authorization.offered = challenges_for(identifier);
    return authorization;
}

base::Task<OrderView> Ordering::place(Account account, protocol::NewOrderRequest request,
                                      RequestContext context) {
    if (auto refusal = terms_.refusal(account)) throw std::move(*refusal);
    const auto external_key = co_await external_key_of(account);
    const auto& profile = require_profile(request.profile, external_key);
    const auto now = context.time;
    if (auto refusal = order_refusal(request, profile, policy_, now, account.scope))
        throw std::move(*refusal);
    if (external_key) {
        auto refusal = scope_refusal(external_key->scope, request.identifiers, profile, context);
        if (refusal) throw std::move(*refusal);
    }
    if (auto refusal = issuers_.names_refusal(profile.name, request.identifiers))
        throw std::move(*refusal);

    OrderView view{.order = {.id = OrderId::fresh(now, random_),
                             .account = account.id,
                             .created = now,
                             .expires = now + profile.order_lifetime,
                             .identifiers = std::move(request.identifiers),
                             .authorizations = {},
                             .profile = profile.name,
                             .not_before = request.not_before,
                             .not_after = request.not_after,
                             .intent = std::nullopt,
                             .completed = std::nullopt,
                             .problem = std::nullopt},
                   .proofs = {},
                   .now = now};
    for (const auto& identifier : view.order.identifiers) {
        view.proofs.push_back(authorization_for(identifier, view.order, profile, external_key));
        view.order.authorizations.push_back(view.proofs.back().id);
    }
    auto placing = store_.create_order(view.order, view.proofs, reuse_under(profile, now));
    auto placement = co_await std::move(placing);
    auto& reused = placement.reused;
    for (std::size_t i = 0; i < reused.size(); ++i) {
        if (!reused[i]) continue;
        view.order.authorizations[i] = reused[i]->id;
        view.proofs[i] = *std::move(reused[i]);
    }
    for (const auto& proof : view.proofs) {
        if (proof.vouched_by.empty()) continue;
        log_.info("authorized by the operator's word", {{"request", context.request},
                                                        {"account", account.id.to_string()},
                                                        {"authorization", proof.id.to_string()},
                                                        {"identifier", proof.identifier.value()},
                                                        {"kid", proof.vouched_by}});
    }
    co_return view;
}

base::Task<std::optional<OrderView>> Ordering::find(base::Result<OrderId> id) {
    if (!id) co_return std::nullopt;
    auto found = co_await store_.find_order_and_proofs(*id);
    if (!found) co_return std::nullopt;
    co_return OrderView{std::move(found->order), std::move(found->proofs), clock_.now()};
}

base::Task<std::optional<Authorization>> Ordering::find_authorization(
    base::Result<AuthorizationId> id) {
    if (!id) co_return std::nullopt;
    co_return co_await store_.find_authorization(*id);
}

OrderView Ordering::require_own(std::optional<OrderView> found, AccountId account) {
    if (!found || found->order.account != account) throw not_found("order");
    return *std::move(found);
}

Authorization Ordering::require_own(std::optional<Authorization> found, AccountId account) {
    if (!found || found->account != account) throw not_found("authorization");
    return *std::move(found);
}

base::Task<Authorization> Ordering::deactivate(Authorization authorization) {
    const auto now = clock_.now();
    const bool is_deactivated = co_await store_.deactivate_authorization(authorization.id, now);
    if (!is_deactivated)
        throw Problem(ProblemType::malformed,
                      "only a pending or valid authorization that is not being validated can be "
                      "deactivated");
    // Not read again: that could fail, and it is done.
    authorization.deactivated = now;
    co_return authorization;
}

base::Task<Ordering::Page> Ordering::list(AccountId account, std::optional<OrderId> before) {
    Page page;
    page.orders = co_await store_.orders_of(account, before, page_size + 1);
    if (page.orders.size() > page_size) {
        page.orders.pop_back();
        page.next = page.orders.back();
    }
    co_return page;
}

}  // namespace cairn::ca
