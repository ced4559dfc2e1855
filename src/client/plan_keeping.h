#pragma once

#include <optional>

#include "client/certificate_plan.h"
#include "client/progress.h"
#include "client/state_directory.h"

namespace cairn::client {

/// What `ours` has changed of `former`, in a plan that somebody else has changed meanwhile to
/// `theirs`. A member that both have changed is as `theirs` has it. Names, kinds of keys, and what
/// is about them are one member.
[[nodiscard]] CertificatePlan merged_edits(const CertificatePlan& former,
                                           const CertificatePlan& ours,
                                           const CertificatePlan& theirs);

/// Keeps the plan of a lineage: what `wanted` changes of the `former` one, from which it was made,
/// goes into the file, and what others have written there meanwhile stays, which is told. Nothing
/// is written if there is nothing to change, so a renewal leaves the file to those who edit it; nor
/// if the file cannot be read now. Without a former one, `wanted` is the first plan of the lineage.
/// The plan that is in force afterwards; durable when this returns. Whoever does not hold the lock
/// of the lineage lets it be refused where the file is gone: the lineage may have been deleted.
/// Throws Failure.
enum class IfGone { write, refuse };
CertificatePlan keep_plan(const StateDirectory& state, const LineageName& lineage,
                          const std::optional<CertificatePlan>& former,
                          const CertificatePlan& wanted, Progress& progress,
                          IfGone if_gone = IfGone::write);

/// The plan as it stands now; `known` if it cannot be read.
[[nodiscard]] CertificatePlan plan_in_force(const StateDirectory& state, const LineageName& lineage,
                                            const CertificatePlan& known);

}  // namespace cairn::client
