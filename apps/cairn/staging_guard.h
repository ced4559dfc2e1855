#pragma once

#include "client/certificate_plan.h"
#include "client/state_directory.h"

namespace cairn {

/// Keeps a certificate that clients trust from being replaced by one that nobody does, however the
/// staging directory is named (--staging, --ca). `former` is the plan as it stands, null if there
/// is none. Throws Failure; `next` says what to do if it is meant.
void require_no_harm_by_staging(const client::StateDirectory& state,
                                const client::LineageName& lineage,
                                const client::CertificatePlan* former,
                                const client::CertificatePlan& plan, std::string_view next);

}  // namespace cairn
