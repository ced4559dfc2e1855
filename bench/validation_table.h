#pragma once

#include <string>

#include "bench/goals.h"
#include "bench/issuance_table.h"
#include "bench/validation_scenario.h"

namespace cairn::bench {

/// A figure with what else was seen with it.
struct ValidationRow {
    Goal goal;
    std::string seen;
};
/// All figures for which something was found, in the order of the project's goals.
[[nodiscard]] std::vector<ValidationRow> validation_rows(const ValidationFindings& findings);
[[nodiscard]] TextTable validation_table(const ValidationFindings& findings);

}  // namespace cairn::bench
