#pragma once

#include "client/certificate_plan.h"
#include "client/environment.h"
#include "client/lineage_member.h"
#include "client/progress.h"

namespace cairn::client {

/// Makes a certificate live again that a server has refused before, for another try without another
/// order; true if there is one that is now live. One that is not fit any more, because it is due
/// itself, revoked, or not what the plan wants, is forgotten. The caller holds the lock of the
/// lineage, and lets the deploy targets learn of it. Throws Failure.
bool take_up_withheld(const Environment& environment, const LineageMember& member,
                      const CertificatePlan& plan, Progress& progress);

}  // namespace cairn::client
