#pragma once
// Private to client: what a server that reads live/NAME is rolled back by.

#include <string>

#include "client/certificate_plan.h"
#include "client/deploy/target.h"
#include "client/environment.h"

namespace cairn::client {

/// Has live/NAME lead again to the certificates that `target` has learnt of last, where it has led
/// to newer ones since, and keeps the newer ones to be tried again (`LineageFacts::withheld`). All
/// or none: nothing changes where one of the former can not be read, is revoked, or has less than a
/// tenth of its life left. Half a sentence on what is live again; empty if nothing has changed. The
/// caller holds the lock of the lineage. Throws Failure.
[[nodiscard]] std::string return_lineage(const Environment& environment, const DeployTarget& target,
                                         const DeployMaterial& material);

}  // namespace cairn::client
