#pragma once

#include "client/certificate_plan.h"
#include "client/environment.h"
#include "client/progress.h"
#include "client/state_directory.h"

namespace cairn::client {

/// True if a deploy target of `plan` has not yet learnt of a certificate of the lineage that is in
/// place: the run was killed before, or its hook failed.
[[nodiscard]] bool is_deployment_pending(const Environment& environment, const LineageName& lineage,
                                         const CertificatePlan& plan);

/// Lets, by running their hooks, those deploy targets of `plan` learn what is in place that have
/// not yet, each whatever becomes of the others, and notes for each that it has. Throws Failure if
/// one failed, which alone is tried the next time. The caller holds the lock of the lineage.
void deploy(const Environment& environment, const LineageName& lineage, const CertificatePlan& plan,
            Progress& progress);

}  // namespace cairn::client
