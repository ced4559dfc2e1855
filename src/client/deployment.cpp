#include "client/deployment.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "client/failure.h"
#include "client/hook.h"
#include "client/lineage_fact_store.h"

namespace cairn::client {
namespace {

std::vector<DeployTarget> pending_targets(const LineageFacts& facts, const LineageName& lineage,
                                          const CertificatePlan& plan) {
    const auto members = planned_members(lineage, plan);
    std::vector<DeployTarget> targets;
    std::ranges::copy_if(plan.deploy_targets, std::back_inserter(targets), [&](const auto& target) {
        return std::ranges::any_of(members, [&](const LineageMember& member) {
            return facts.of(member).is_deployment_pending(target);
        });
    });
    return targets;
}

/// What was wrong with the run of the hook; empty if it ended well.
std::string run_hook_of(const Environment& environment, const LineageName& lineage,
                        const CertificatePlan& plan, const DeployTarget& target,
                        Progress& progress) {
    auto variables = lineage_variables(environment.state, lineage, plan);
    // As certbot names them, for hooks that were written for it.
    variables.emplace_back("RENEWED_LINEAGE", environment.state.live(lineage).string());
    variables.emplace_back("RENEWED_DOMAINS", names_for_hook(plan.identifiers()));
    return run_hook({.kind = HookKind::deploy,
                     .command = target.hook,
                     .variables = std::move(variables),
                     .patience = environment.hook_patience},
                    environment.timer, progress);
}

}  // namespace

bool is_deployment_pending(const Environment& environment, const LineageName& lineage,
                           const CertificatePlan& plan) {
    const auto facts = LineageFactStore(environment.state, lineage).read_all();
    return facts && !pending_targets(*facts, lineage, plan).empty();
}

void deploy(const Environment& environment, const LineageName& lineage, const CertificatePlan& plan,
            Progress& progress) {
    const LineageFactStore store(environment.state, lineage);
    const auto facts = store.read_all();
    if (!facts)
        throw Failure({fmt::format("deploy the certificate of {}", lineage.text()), Phase::deploy},
                      facts.error().message);
    const auto members = planned_members(lineage, plan);
    std::string failures;
    for (const auto& target : pending_targets(*facts, lineage, plan)) {
        const auto failure = run_hook_of(environment, lineage, plan, target, progress);
        if (!failure.empty()) {
            failures += (failures.empty() ? "" : "; ") + failure;
            continue;
        }
        store.change_all([&](LineageFacts& known) {
            for (const auto& member : members)
                known.of(member).deploy(target, environment.clock.now());
        });
    }
    if (!failures.empty())
        throw Failure({fmt::format("deploy the certificate of {}", lineage.text()), Phase::deploy},
                      std::move(failures),
                      fmt::format("the new certificate is in place in {}; mend the hook; `cairn "
                                  "renew` runs it again, and no other.",
                                  environment.state.live(lineage).string()));
    store.change_all([&](LineageFacts& known) {
        for (const auto& member : members) known.of(member).deploy(environment.clock.now());
    });
}

}  // namespace cairn::client
