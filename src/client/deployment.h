#pragma once

#include <string>
#include <vector>

#include "client/certificate_plan.h"
#include "client/deploy/target.h"
#include "client/environment.h"
#include "client/lineage_facts.h"
#include "client/progress.h"
#include "client/state_directory.h"

namespace cairn::client {

/// True if a deploy target of `plan` has not yet learnt of a certificate of the lineage that is in
/// place, or a run was killed while it deployed: what it was at has to be finished or undone.
[[nodiscard]] bool is_deployment_pending(const Environment& environment, const LineageName& lineage,
                                         const CertificatePlan& plan);

/// Lets those deploy targets of `plan` learn what is in place that have not yet, each whatever
/// becomes of the others, and notes for each that it has, or why not. Throws Failure if one failed,
/// which alone is tried the next time. The caller holds the lock of the lineage.
void deploy(const Environment& environment, const LineageName& lineage, const CertificatePlan& plan,
            Progress& progress);

/// The same for these targets, which may be none of the plan's, whatever they have learnt of.
void deploy_to(const Environment& environment, const LineageName& lineage,
               const CertificatePlan& plan, const std::vector<DeployTarget>& targets,
               Progress& progress);

/// The certificates of the lineage that are live, verified: each with its key, for names of the
/// plan, now valid, and signed by the next of its chain. Throws Failure.
[[nodiscard]] DeployMaterial deploy_material(const Environment& environment,
                                             const LineageName& lineage,
                                             const CertificatePlan& plan);

/// What the targets of a run are made with.
[[nodiscard]] TargetContext target_context(const Environment& environment);

/// The targets in the order in which they learn of a certificate: those whose servers read
/// live/NAME before all others, since the lineage goes back where one of these refuses it.
[[nodiscard]] std::vector<DeployTarget> deploy_order(const TargetContext& context,
                                                     std::vector<DeployTarget> targets);

/// What is seen beforehand to stand in the way of a deployment to this target of the plan.
[[nodiscard]] std::vector<Failure> obstacles_to_deployment(const TargetContext& context,
                                                           const DeploySubject& subject,
                                                           const DeployTarget& target);

/// How one target of a plan stands.
struct TargetState {
    DeployTarget target;
    enum class Kind {
        current,  ///< it has what is in place
        pending,  ///< it has still to learn of it
        failed    ///< the last try to let it learn has failed
    };
    Kind kind = Kind::pending;
    /// What it has learnt of, 0 for nothing, and when.
    unsigned long number = 0;
    base::Time since{};
    std::optional<DeploymentFailure> failure{};
};
/// "current": as programs read it.
[[nodiscard]] std::string_view to_string(TargetState::Kind kind);
/// Of all targets of the plan, in their order, for one certificate of the lineage.
[[nodiscard]] std::vector<TargetState> target_states(const StateDirectory& state,
                                                     const LineageMember& member,
                                                     const CertificatePlan& plan,
                                                     const LineageFacts& facts);

}  // namespace cairn::client
