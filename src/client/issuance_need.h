#pragma once

#include <vector>

#include "client/certificate_plan.h"
#include "client/environment.h"
#include "client/lineage_member.h"
#include "client/renewal_schedule.h"

namespace cairn::client {

/// A certificate of a lineage that has to be issued now, and why.
struct IssuanceNeed {
    LineageMember member;
    DueTime due;
};

/// Which certificates that `plan` wants of the lineage do not stand as it wants them: they are not
/// there or not sound, answer another plan, are due for renewal by what is known here, or are being
/// issued by a run that died. No CA is asked. The caller holds the lock of the lineage.
[[nodiscard]] std::vector<IssuanceNeed> needs_of(const Environment& environment,
                                                 const LineageName& lineage,
                                                 const CertificatePlan& plan);

}  // namespace cairn::client
