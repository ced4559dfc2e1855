#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "client/solver.h"

namespace cairn::client {

/// Answers http-01 by way of an nginx that runs: a directive is put into the server blocks that are
/// asked for the name at port 80, nginx tests it and reads it, and it is taken out again
/// (`nginx/answers.h`). `text` is what `nginx::NginxOptions` reads.
[[nodiscard]] base::Result<std::unique_ptr<Solver>> make_nginx_solver(std::string_view text,
                                                                      const SolverContext& context);

}  // namespace cairn::client
