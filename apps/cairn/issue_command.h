#pragma once

#include <string>

#include "apps/cairn/outcome.h"
#include "apps/cairn/plan_options.h"
#include "apps/cairn/run.h"

namespace cairn {

/// What `issue` was told.
struct IssueOptions {
    PlanOptions plan;
    AccountWords account;
    /// Empty: the lineage of the first name.
    std::string lineage;
    bool force = false;
    bool dry_run = false;
};

/// Obtains what is wanted, unless it stands already. Throws Failure.
Outcome issue(Run& run, const CommonOptions& common, const IssueOptions& options);

}  // namespace cairn
