#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "client/solver.h"

namespace cairn::client {

/// Answers dns-01, or dns-account-01 or http-01 where that is not offered, through a person: says
/// what to put where, and waits for Enter.
[[nodiscard]] base::Result<std::unique_ptr<Solver>> make_manual_solver(
    std::string_view argument, const SolverContext& context);

}  // namespace cairn::client
