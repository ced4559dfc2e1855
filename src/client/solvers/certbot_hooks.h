#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "client/solver.h"

namespace cairn::client {

/// Answers by the two programs that somebody has written for certbot's `--manual-auth-hook` and
/// `--manual-cleanup-hook`, with the variables that certbot gives them: CERTBOT_DOMAIN,
/// CERTBOT_IDENTIFIER, CERTBOT_VALIDATION, for http-01 CERTBOT_TOKEN, CERTBOT_ALL_DOMAINS,
/// CERTBOT_REMAINING_CHALLENGES, and for the second CERTBOT_AUTH_OUTPUT. They run one after the
/// other in the order of the names, so that the first one can wait when none remains. `argument` is
/// a line of two or three words as `CommandWords` splits it: "http-01" or "dns-01", the line of the
/// first program, and that of the second, if there is one.
[[nodiscard]] base::Result<std::unique_ptr<Solver>> make_certbot_hooks_solver(
    std::string_view argument, const SolverContext& context);

}  // namespace cairn::client
