#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "client/solver.h"

namespace cairn::client {

/// Answers tls-alpn-01 (RFC 8737) with a TLS server of its own, which runs while there is something
/// to answer: at port 443 of every address, or at "ADDR:PORT". It completes a handshake only for
/// the protocol acme-tls/1 and a name that is being proven, and closes after it. Of two orders that
/// prove one name at the same time the later is answered.
[[nodiscard]] base::Result<std::unique_ptr<Solver>> make_tls_alpn_solver(
    std::string_view address, const SolverContext& context);

}  // namespace cairn::client
