#pragma once

#include "client/certificate_plan.h"
#include "client/environment.h"
#include "client/state_directory.h"

namespace cairn::client {

/// True if the deploy hooks of the lineage have not all ended well since its certificate was put in
/// place: the run was killed between the two, or a hook failed.
[[nodiscard]] bool is_deployment_pending(const Environment& environment,
                                         const LineageName& lineage);

/// Runs the deploy hooks of `plan`, each whatever becomes of the others, and notes that all ended
/// well. Throws Failure if one did not. The caller holds the lock of the lineage.
void deploy(const Environment& environment, const LineageName& lineage,
            const CertificatePlan& plan);

}  // namespace cairn::client
