#include "client/deployment.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "client/child_process.h"
#include "client/failure.h"
#include "client/lineage_fact_store.h"

namespace cairn::client {

bool is_deployment_pending(const Environment& environment, const LineageName& lineage) {
    const auto facts = LineageFactStore(environment.state, lineage).read();
    return facts && facts->is_deployment_pending();
}

void deploy(const Environment& environment, const LineageName& lineage,
            const CertificatePlan& plan) {
    const auto live = environment.state.live(lineage);
    std::string names;
    for (const auto& name : plan.names)
        names += (names.empty() ? "" : " ") + name.identifier.value();
    std::string failures;
    for (const auto& target : plan.deploy_targets) {
        const ChildProgram hook{.path = target.hook,
                                .arguments = {},
                                .environment = {{"CAIRN_LINEAGE", lineage.text()},
                                                {"CAIRN_NAMES", names},
                                                {"CAIRN_LIVE_DIR", live.string()}}};
        const auto result = run_program(hook, environment.timer);
        if (result && result->status == 0) continue;
        failures += failures.empty() ? "" : "; ";
        failures += result ? fmt::format("the hook {} ended with status {}: \"{}\"", target.hook,
                                         result->status, base::printable(result->output, 1000))
                           : result.error().message;
    }
    if (failures.empty()) {
        LineageFactStore(environment.state, lineage).change([&](LineageFacts& facts) {
            facts.deploy(environment.clock.now());
        });
        return;
    }
    throw Failure(
        {fmt::format("deploy the certificate of {}", lineage.text()), Phase::deploy},
        std::move(failures),
        fmt::format(
            "the new certificate is in place in {}; mend the hook; `cairn renew` runs it again.",
            live.string()));
}

}  // namespace cairn::client
