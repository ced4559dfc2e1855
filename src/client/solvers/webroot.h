#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "client/solver.h"

namespace cairn::client {

/// Answers http-01 with files in DIR/.well-known/acme-challenge, which a web server that is running
/// already serves at port 80. DIR may be a link; below it no link is followed and nothing is
/// changed that was there before. Files, and folders that were missing, are removed again.
[[nodiscard]] base::Result<std::unique_ptr<Solver>> make_webroot_solver(
    std::string_view directory, const SolverContext& context);

}  // namespace cairn::client
