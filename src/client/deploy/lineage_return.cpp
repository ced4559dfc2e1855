#include "client/deploy/lineage_return.h"

#include <vector>

#include <fmt/format.h>

#include "client/lineage.h"
#include "client/lineage_fact_store.h"
#include "client/lineage_rollback.h"

namespace cairn::client {
namespace {

/// The way of one certificate of the lineage.
struct Return {
    LineageMember member;
    unsigned long live = 0, former = 0;
    base::Time former_end;
};

}  // namespace

std::string return_lineage(const Environment& environment, const DeployTarget& target,
                           const DeployMaterial& material) {
    const auto& subject = material.subject;
    const auto now = environment.clock.now();
    std::vector<Return> returns;
    for (const auto& member : planned_members(subject.lineage, subject.plan)) {
        const Lineage lineage(environment.state, member);
        const auto live = lineage.live_number();
        const auto facts = LineageFactStore(environment.state, member).read();
        if (!live || !facts) continue;
        const auto* const known = facts->deployment_of(target);
        // Whoever has gone back by hand does not want the newer one.
        if (known == nullptr || known->number == 0 || known->number >= *live) continue;
        const auto former = lineage.generation(known->number);
        if (!fault_of_earlier(former, *facts, now).empty()) return {};
        const auto& certificate = former->chain.front();
        if (now >= end_of_reprieve(certificate)) return {};
        returns.push_back({member, *live, known->number, certificate.not_after()});
    }
    std::string told;
    for (const auto& each : returns) {
        // Known before it is so: a run that dies in between has withheld what is live, which is
        // then being tried.
        LineageFactStore(environment.state, each.member).change([&](LineageFacts& facts) {
            facts.withheld = GenerationFact{each.live, now};
        });
        Lineage(environment.state, each.member).return_to(each.former);
        told += fmt::format(
            "{}{} leads to certificate {} again, which is valid until {}", told.empty() ? "" : ", ",
            Lineage(environment.state, each.member).live_files().full_chain.string(), each.former,
            base::to_rfc3339(each.former_end));
    }
    return told;
}

}  // namespace cairn::client
