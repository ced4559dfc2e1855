#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "client/solver.h"

namespace cairn::client {

/// Answers http-01 with a web server of its own, which runs while there is something to answer: at
/// port 80 of every address, or at "ADDR:PORT". It serves the key authorizations of known tokens as
/// application/octet-stream (RFC 8555 section 8.3) and 404 for everything else.
[[nodiscard]] base::Result<std::unique_ptr<Solver>> make_standalone_solver(
    std::string_view address, const SolverContext& context);

}  // namespace cairn::client
