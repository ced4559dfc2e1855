#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "client/solver.h"
#include "client/solvers/dns.h"

namespace cairn::client {

/// Answers dns-persist-01, whose record stands for good and is never taken down. What stands
/// already at every server of its zone is not asked for again. Else the record is set by a
/// provider, if one is named, or a person is told what it must be: at a terminal, until it stands
/// or somebody presses Enter; elsewhere, until it stands or half a minute is over (or what
/// --propagation says). `argument` is as DnsSolverOptions has it for records that stay.
[[nodiscard]] base::Result<std::unique_ptr<Solver>> make_dns_persist_solver(
    std::string_view argument, const SolverContext& context);

/// The same with a network, and perhaps a provider, of a test's own.
struct DnsPersistParts {
    DnsSolverOptions options;
    AskServer ask;
    /// None: a person sets the record.
    std::optional<DnsSolverParts> provider{};
};
[[nodiscard]] std::unique_ptr<Solver> make_dns_persist_solver(DnsPersistParts parts,
                                                              const SolverContext& context);

}  // namespace cairn::client
