#include "ca/work/ordering.h"

#include <map>
#include <span>
#include <utility>

#include "ca/rules/external_key_rules.h"
#include "ca/rules/order_reuse.h"
#include "ca/rules/order_rules.h"
#include "ca/rules/replacement.h"
#include "protocol/ancestor_domain.h"

namespace cairn::ca {

using protocol::Problem;
using protocol::ProblemType;

namespace {

// An authorization that expires within this time is not reused: the client could not finalize in
// time.
constexpr base::Seconds least_remaining_proof = std::chrono::hours(1);

/// How often an order with the same claim is looked for before a second one is placed.
constexpr int most_attempts = 5;

// Replaces fresh authorizations of the view by those that the store reused instead.
void take_over(OrderStore::Placement& placement, OrderView& view) {
    auto& reused = placement.reused;
    for (std::size_t i = 0; i < reused.size(); ++i) {
        if (!reused[i]) continue;
        view.order.authorizations[i] = reused[i]->id;
        view.proofs[i] = *std::move(reused[i]);
    }
}

// Each profile bounds the age of a reused authorization, whatever profile it was made under.
OrderStore::Reuse reuse_under(const Profile& profile, base::Time now) {
    const auto lapsing_after = now + least_remaining_proof;
    return {.finished_after = lapsing_after - profile.reuse_lifetime,
            .finished_by = now,
            .lapsing_after = lapsing_after};
}

Problem too_many_pending(std::size_t most) {
    Problem problem(ProblemType::rate_limited,
                    "the account has " + std::to_string(most) +
                        " pending authorizations that no order asked for; prove or deactivate some "
                        "of them, or wait until they expire");
    problem.retry_after = std::chrono::hours(1);
    return problem;
}

// RFC 8555 section 7.4.1: a CA that does not pre-authorize an identifier answers 403.
Problem forbidden(Problem problem) {
    problem.status = 403;
    return problem;
}

// One text for a missing object and for one of another account, so that nobody learns which ids
// exist.
Problem not_found(const char* what) {
    return Problem(ProblemType::malformed, std::string("no such ") + what, 404);
}

}  // namespace

Ordering::Ordering(Repository& store, const NamePolicy& policy, const Profiles& profiles,
                   const Issuers& issuers, RateLimits& limits, const base::Clock& clock,
                   crypto::Random& random, Terms terms, base::Log& log, ChallengeChoices choices)
    : store_(store),
      policy_(policy),
      profiles_(profiles),
      issuers_(issuers),
      limits_(limits),
      clock_(clock),
      random_(random),
      terms_(std::move(terms)),
      log_(log),
      choices_(std::move(choices)) {}

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

void Ordering::require_allowed(const protocol::NewOrderRequest& request, const Frame& frame) const {
    const auto& [account, profile, external_key, context] = frame;
    const auto now = context.time;
    if (auto refusal = order_refusal(request, profile, policy_, now, account.scope))
        throw std::move(*refusal);
    if (external_key) {
        auto refusal = scope_refusal(external_key->scope, request.identifiers, profile, context);
        if (refusal) throw std::move(*refusal);
    }
    if (auto refusal = issuers_.names_refusal(profile.name, request.identifiers))
        throw std::move(*refusal);
    if (request.ancestors.empty()) return;
    protocol::NewOrderRequest ancestors;
    for (const auto& [identifier, ancestor] : request.ancestors)
        ancestors.identifiers.push_back(protocol::Identifier::of(ancestor, false));
    if (auto refusal = order_refusal(ancestors, profile, policy_, now)) throw std::move(*refusal);
}

Authorization Ordering::fresh_authorization(const protocol::Identifier& identifier, Breadth breadth,
                                            const Frame& frame) const {
    const auto now = frame.context.time;
    return {.id = AuthorizationId::fresh(now, random_),
            .account = frame.account.id,
            .identifier = identifier,
            .created = now,
            .expires = now + frame.profile.pending_lifetime,
            .token = protocol::Token::random(random_),
            .offered = challenges_for(identifier, choices_, breadth),
            .attempt = std::nullopt,
            .deactivated = std::nullopt,
            .profile = frame.profile.name,
            .for_subdomains = breadth == Breadth::subdomains};
}

std::vector<Authorization> Ordering::fresh_authorizations(const protocol::NewOrderRequest& request,
                                                          const Frame& frame) const {
    std::map<protocol::Identifier, Authorization> of_ancestors;
    for (const auto& [identifier, ancestor] : request.ancestors) {
        const auto name = protocol::Identifier::of(ancestor, false);
        if (!of_ancestors.contains(name))
            of_ancestors.emplace(name, fresh_authorization(name, Breadth::subdomains, frame));
    }
    std::vector<Authorization> fresh;
    for (const auto& identifier : request.identifiers) {
        const auto& external_key = frame.external_key;
        if (external_key && is_vouched_for(identifier, *external_key, frame.profile)) {
            fresh.push_back(fresh_authorization(identifier, Breadth::identifier, frame));
            fresh.back().offered.clear();
            fresh.back().vouched_by = external_key->kid;
            continue;
        }
        const auto ancestor = request.ancestors.find(identifier);
        // An ancestor that is in the order itself shares the authorization.
        const auto shared =
            of_ancestors.find(ancestor == request.ancestors.end()
                                  ? identifier
                                  : protocol::Identifier::of(ancestor->second, false));
        fresh.push_back(shared != of_ancestors.end()
                            ? shared->second
                            : fresh_authorization(identifier, Breadth::identifier, frame));
    }
    return fresh;
}

std::vector<std::vector<protocol::Identifier>> Ordering::names_above(
    const std::vector<protocol::Identifier>& identifiers) const {
    std::vector<std::vector<protocol::Identifier>> above;
    for (const auto& identifier : identifiers) {
        auto& names = above.emplace_back();
        for (const auto& ancestor : protocol::ancestors_of(identifier)) {
            auto name = protocol::Identifier::of(ancestor, false);
            if (!policy_.refusal(name)) names.push_back(std::move(name));
        }
    }
    return above;
}

base::Task<OrderView> Ordering::place(Account account, protocol::NewOrderRequest request,
                                      RequestContext context) {
    if (auto refusal = terms_.refusal(account)) throw std::move(*refusal);
    const auto external_key = co_await external_key_of(account);
    const auto& profile = require_profile(request.profile, external_key);
    const auto now = context.time;
    if (!choices_.subdomains) request.ancestors.clear();  // as if it knew nothing of them
    const Frame frame{account, profile, external_key, context};
    require_allowed(request, frame);
    auto fresh = fresh_authorizations(request, frame);
    if (auto refusal = provability_refusal(fresh)) throw std::move(*refusal);
    auto reuse = reuse_under(profile, now);
    if (choices_.subdomains) reuse.above = names_above(request.identifiers);

    std::optional<pki::RenewalIdentifier> replaces;
    if (!request.replaces.empty())
        replaces = co_await require_replaceable(request.replaces, account.id, request.identifiers);

    OrderView view{.order = {.id = OrderId::fresh(now, random_),
                             .account = account.id,
                             .created = now,
                             .expires = now + profile.order_lifetime,
                             .identifiers = std::move(request.identifiers),
                             .authorizations = {},
                             .profile = profile.name,
                             .not_before = request.not_before,
                             .not_after = request.not_after,
                             .replaces = std::move(replaces),
                             .intent = std::nullopt,
                             .completed = std::nullopt,
                             .problem = std::nullopt},
                   .proofs = {},
                   .now = now};
    view.proofs = std::move(fresh);
    for (const auto& proof : view.proofs) view.order.authorizations.push_back(proof.id);
    auto writing = write(std::move(view), std::move(reuse), std::move(context));
    co_return co_await std::move(writing);
}

base::Task<Authorization> Ordering::preauthorize(Account account,
                                                 protocol::NewAuthorizationRequest request,
                                                 RequestContext context) {
    if (auto refusal = terms_.refusal(account)) throw std::move(*refusal);
    if (request.subdomain_auth_allowed && !choices_.subdomains)
        throw Problem(ProblemType::unauthorized,
                      "this CA gives no authorizations for subdomains (RFC 9444)");
    const auto external_key = co_await external_key_of(account);
    const auto& profile = require_profile({}, external_key);
    const Frame frame{account, profile, external_key, context};
    protocol::NewOrderRequest as_order;
    as_order.identifiers = {request.identifier};
    try {
        require_allowed(as_order, frame);
    } catch (const Problem& refusal) {
        throw forbidden(refusal);
    }
    const auto breadth = request.subdomain_auth_allowed ? Breadth::subdomains : Breadth::identifier;
    auto fresh = fresh_authorization(request.identifier, breadth, frame);
    if (auto refusal = provability_refusal(std::span(&fresh, 1)))
        throw forbidden(std::move(*refusal));
    // It is counted as an order for this name.
    const auto charges = new_order_charges(limits_.limits(), account.id, {request.identifier}, {});
    const auto store = store_.on_behalf_of(context.cause());
    auto creating = store->create_authorization(fresh, reuse_under(profile, context.time),
                                                choices_.pending_preauthorizations, charges);
    auto creation = co_await std::move(creating);
    if (creation.reused) co_return *std::move(creation.reused);
    if (creation.is_full) throw too_many_pending(choices_.pending_preauthorizations);
    if (!creation.decision.accepted) limits_.refuse(charges, creation.decision, context);
    co_return fresh;
}

base::Task<OrderView> Ordering::write(OrderView view, OrderStore::Reuse reuse,
                                      RequestContext context) {
    const auto account = view.order.account;
    const auto store = store_.on_behalf_of(context.cause());
    const auto exemption = co_await limits_.exemption_of(store_, view.order, context.time);
    const auto charges =
        new_order_charges(limits_.limits(), account, view.order.identifiers, exemption);
    OrderStore::Claims claims{.likeness = likeness_of(view.order)};
    bool has_waited = false;
    for (int attempt = 1;; ++attempt) {
        // Other requests keep winning the race; a second open order for the same names does no
        // harm.
        if (attempt > most_attempts) claims.likeness.reset();
        auto placing = store->create_order(view.order, view.proofs, reuse, charges, claims);
        auto placement = co_await std::move(placing);
        if (placement.twin) {
            auto twin = co_await open_twin(*placement.twin, view, reuse);
            if (twin) co_return *std::move(twin);
            claims.former_twin = placement.twin;
        } else if (placement.replacement) {
            if (attempt > 2 * most_attempts) throw already_replaced();
            co_await require_invalid(*placement.replacement);
            claims.former_replacement = placement.replacement->order;
        } else if (!placement.decision.accepted) {
            if (std::exchange(has_waited, true))
                limits_.refuse(charges, placement.decision, context);
            const auto held = context.time;
            context.time = co_await limits_.wait_or_refuse(charges, placement.decision,
                                                           account.to_string(), context);
            view.now = view.order.created = context.time;
            view.order.expires += context.time - held;
        } else {
            take_over(placement, view);
            tell_of_vouching(view, context);
            co_return view;
        }
    }
}

void Ordering::tell_of_vouching(const OrderView& view, const RequestContext& context) {
    for (const auto& proof : view.proofs) {
        if (proof.vouched_by.empty()) continue;
        log_.info("authorized by the operator's word", {{"request", context.request},
                                                        {"account", view.order.account.to_string()},
                                                        {"authorization", proof.id.to_string()},
                                                        {"identifier", proof.identifier.value()},
                                                        {"kid", proof.vouched_by}});
    }
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

base::Task<Authorization> Ordering::deactivate(Authorization authorization, Cause cause) {
    const auto now = clock_.now();
    const auto store = store_.on_behalf_of(std::move(cause));
    const bool is_deactivated = co_await store->deactivate_authorization(authorization.id, now);
    if (!is_deactivated)
        throw Problem(ProblemType::malformed,
                      "only a pending or valid authorization that is not being validated can be "
                      "deactivated");
    // Not read again: the deactivation is durable, and a failed read would hide that.
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
