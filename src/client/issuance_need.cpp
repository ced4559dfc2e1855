#include "client/issuance_need.h"

#include <optional>

#include "client/lineage.h"
#include "client/lineage_fact_store.h"

namespace cairn::client {
namespace {

std::optional<DueTime> need_of(const Environment& environment, const LineageMember& member,
                               const CertificatePlan& plan) {
    const auto now = environment.clock.now();
    const auto current = Lineage(environment.state, member).current();
    if (!current) return DueTime{now, DueReason::unsound};
    const auto read = LineageFactStore(environment.state, member).read();
    const auto facts = read ? *read : LineageFacts{};
    if (facts.order && facts.order->position.is_finalizing)
        return DueTime{now, DueReason::asked_for, "a run that died has ordered another one"};
    auto due = due_time(plan, member, *current, facts);
    if (due.at > now) return std::nullopt;
    return due;
}

}  // namespace

std::vector<IssuanceNeed> needs_of(const Environment& environment, const LineageName& lineage,
                                   const CertificatePlan& plan) {
    std::vector<IssuanceNeed> needs;
    for (const auto& member : planned_members(lineage, plan))
        if (auto due = need_of(environment, member, plan))
            needs.push_back({member, std::move(*due)});
    return needs;
}

}  // namespace cairn::client
