#include "client/deployment.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "client/child_process.h"
#include "client/command_words.h"
#include "client/failure.h"
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
std::string run_hook(const Environment& environment, const LineageName& lineage,
                     const CertificatePlan& plan, const DeployTarget& target) {
    std::string names;
    for (const auto& name : plan.names)
        names += (names.empty() ? "" : " ") + name.identifier.value();
    const auto live = environment.state.live(lineage);
    const auto command = CommandWords::find(target.hook);
    if (!command) return fmt::format("the hook {}: {}", target.hook, command.error().message);
    const ChildProgram hook{.path = command->program(),
                            .arguments = command->arguments(),
                            .environment = {{"CAIRN_LINEAGE", lineage.text()},
                                            {"CAIRN_NAMES", names},
                                            {"CAIRN_LIVE_DIR", live.string()}}};
    const auto result = run_program(hook, environment.timer);
    if (!result) return result.error().message;
    if (result->status == 0) return {};
    return fmt::format("the hook {} ended with status {}: \"{}\"", target.hook, result->status,
                       base::printable(result->output, 1000));
}

}  // namespace

bool is_deployment_pending(const Environment& environment, const LineageName& lineage,
                           const CertificatePlan& plan) {
    const auto facts = LineageFactStore(environment.state, lineage).read_all();
    return facts && !pending_targets(*facts, lineage, plan).empty();
}

void deploy(const Environment& environment, const LineageName& lineage,
            const CertificatePlan& plan) {
    const LineageFactStore store(environment.state, lineage);
    const auto facts = store.read_all();
    if (!facts)
        throw Failure({fmt::format("deploy the certificate of {}", lineage.text()), Phase::deploy},
                      facts.error().message);
    const auto members = planned_members(lineage, plan);
    std::string failures;
    for (const auto& target : pending_targets(*facts, lineage, plan)) {
        const auto failure = run_hook(environment, lineage, plan, target);
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
