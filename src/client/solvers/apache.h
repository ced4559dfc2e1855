#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "client/solver.h"

namespace cairn::client {

/// Answers http-01 by the Apache httpd that runs on this machine: lines in its configuration that
/// answer the path of the token and no other, in the virtual hosts that answer the name. The server
/// tests them before it reads them; they go away again, also after a kill. The argument is
/// "[FOLDER][,http-port=PORT]", as of apache::Place.
[[nodiscard]] base::Result<std::unique_ptr<Solver>> make_apache_solver(
    std::string_view argument, const SolverContext& context);

}  // namespace cairn::client
