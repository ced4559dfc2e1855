#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "client/solver.h"

namespace cairn::client {

/// Answers dns-01 with a program (`CommandWords`), run as `PROGRAM present` and `PROGRAM cleanup`.
/// It finds in its environment CAIRN_ACTION, CAIRN_CHALLENGE_TYPE, CAIRN_IDENTIFIER, CAIRN_TOKEN,
/// CAIRN_KEY_AUTHORIZATION, CAIRN_DNS_NAME (the TXT record's name, without final dot) and
/// CAIRN_DNS_VALUE. It must add the record and leave others of that name alone (a name and its
/// wildcard are proven side by side), end once the CA can see it, and take cleanup for what is
/// gone.
[[nodiscard]] base::Result<std::unique_ptr<Solver>> make_exec_solver(std::string_view program,
                                                                     const SolverContext& context);

}  // namespace cairn::client
