#pragma once

#include <filesystem>
#include <vector>

#include "client/certificate_plan.h"
#include "client/environment.h"
#include "client/progress.h"
#include "client/state_directory.h"

namespace cairn::client {

/// Undoes the last change that a target of the lineage has made in a server's configuration
/// (`EditHistory`), and has those servers check and read it that the plan names as targets. What
/// somebody else has changed in the files since then stays. The files that were put back. Throws
/// Failure: if a server's check is against it, the change is made again. The caller holds the lock
/// of the lineage.
[[nodiscard]] std::vector<std::filesystem::path> return_configuration(
    const Environment& environment, const LineageName& lineage, const CertificatePlan& plan,
    Progress& progress);

}  // namespace cairn::client
