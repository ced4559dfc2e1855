#pragma once
// Private to the solvers in which a person has a part.

#include "client/solver.h"

namespace cairn::client {

/// Says which record answers `challenge`, of a DNS method.
void tell_of_record(const SolverContext& context, const Challenge& challenge);
/// Asks for Enter when the answer can be seen, and waits for it. Throws Failure if the run is
/// stopped, or nobody can answer.
void await_confirmation(const SolverContext& context, const Challenge& challenge);

}  // namespace cairn::client
