#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "client/solver.h"

namespace cairn::client {

/// Answers dns-persist-01, whose record stands for good: says what it must be, and at a terminal
/// waits for Enter; elsewhere the CA finds it or not. It is never taken down.
[[nodiscard]] base::Result<std::unique_ptr<Solver>> make_dns_persist_solver(
    std::string_view argument, const SolverContext& context);

}  // namespace cairn::client
