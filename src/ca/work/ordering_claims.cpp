// What stands in the way of a new order: one that is open for the same, or that replaces the same
// certificate.
#include <algorithm>

#include "ca/rules/order_reuse.h"
#include "ca/rules/replacement.h"
#include "ca/work/ordering.h"

namespace cairn::ca {

using protocol::Problem;
using protocol::ProblemType;

base::Task<pki::RenewalIdentifier> Ordering::require_replaceable(
    std::string wanted, AccountId account, std::vector<protocol::Identifier> names) {
    const auto identifier = pki::RenewalIdentifier::from_text(wanted);
    if (!identifier)
        throw Problem(ProblemType::malformed, "replaces: " + identifier.error().message);
    const auto found = co_await store_.find_certificate(identifier->serial);
    if (auto refusal = replacement_refusal(*identifier, found, account, names))
        throw std::move(*refusal);
    co_return *identifier;
}

base::Task<std::optional<OrderView>> Ordering::open_twin(OrderId id, const OrderView& view,
                                                         const OrderStore::Reuse& reuse) {
    auto found = co_await store_.find_order_and_proofs(id);
    if (!found || !may_serve_again(found->order, found->proofs, view.proofs, view.now))
        co_return std::nullopt;
    OrderView twin{std::move(found->order), std::move(found->proofs), view.now};
    const bool is_behind = co_await lacks_what_is_proved(twin, view, reuse);
    if (is_behind) co_return std::nullopt;
    co_return twin;
}

base::Task<bool> Ordering::lacks_what_is_proved(const OrderView& twin, const OrderView& view,
                                                const OrderStore::Reuse& reuse) {
    std::vector<protocol::Identifier> names;
    std::vector<Breadth> wanted;
    for (std::size_t i = 0; i < twin.proofs.size(); ++i) {
        if (twin.proofs[i].status(view.now) != protocol::AuthorizationStatus::pending) continue;
        const auto& name = twin.order.identifiers.at(i);
        names.push_back(name);
        wanted.push_back(Breadth::identifier);
        const auto place = std::ranges::find(view.order.identifiers, name);
        if (reuse.above.empty() || place == view.order.identifiers.end()) continue;
        const auto index = place - view.order.identifiers.begin();
        for (const auto& above : reuse.above.at(static_cast<std::size_t>(index))) {
            names.push_back(above);
            wanted.push_back(Breadth::subdomains);
        }
    }
    if (names.empty()) co_return false;
    const auto proofs =
        co_await store_.find_valid_authorizations(twin.order.account, names, view.now);
    for (std::size_t i = 0; i < proofs.size(); ++i) {
        const auto& proof = proofs[i];
        if (proof && (wanted[i] == Breadth::identifier || proof->for_subdomains) &&
            proof->expires > reuse.lapsing_after && proof->attempt && proof->attempt->finished &&
            *proof->attempt->finished > reuse.finished_after)
            co_return true;
    }
    co_return false;
}

base::Task<void> Ordering::require_invalid(Replacement replacement) {
    if (replacement.is_issued) throw already_replaced();
    const auto holder = co_await store_.find_order_and_proofs(replacement.order);
    // One that was forgotten without a certificate had expired.
    if (holder &&
        holder->order.status(holder->proofs, clock_.now()) != protocol::OrderStatus::invalid)
        throw already_replaced();
}

}  // namespace cairn::ca
