// How an issuance begins within the limits.
#include "ca/work/issuance.h"

namespace cairn::ca {

base::Task<OrderStore::IssuanceBeginning> Issuance::begin_within_limits(
    const Order& order, IssuanceIntent& intent, OrderStore::RequestedKey key,
    RequestContext context) {
    using enum OrderStore::IssuanceBeginning;
    const auto exemption = co_await limits_.exemption_of(repository_, order, intent.begun);
    const auto charges = issuance_charges(limits_.limits(), order.account, order.identifiers,
                                          exemption, intent.validity.not_after, intent.begun);
    auto beginning = co_await repository_.begin_issuance(order.id, intent, key, charges);
    if (beginning != over_limit) co_return beginning;
    const auto held = co_await repository_.look(charges, intent.begun);
    if (!held.accepted)
        intent.begun =
            co_await limits_.wait_or_refuse(charges, held, order.account.to_string(), context);
    beginning = co_await repository_.begin_issuance(order.id, intent, key, charges);
    if (beginning != over_limit) co_return beginning;
    auto refusal = co_await repository_.look(charges, intent.begun);
    if (refusal.accepted)  // a refund made room meanwhile
        refusal = {.accepted = false, .refused_by = 0, .retry_at = intent.begun + base::Seconds(1)};
    context.time = intent.begun;
    limits_.refuse(charges, refusal, context);
}

}  // namespace cairn::ca
