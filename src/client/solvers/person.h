#pragma once
// Private to the solvers in which a person has a part.

#include <functional>

#include "client/solver.h"

namespace cairn::client {

/// Says which record answers `challenge`, of a DNS method.
void tell_of_record(const SolverContext& context, const Challenge& challenge);
/// What has ended the wait for a person.
enum class Confirmation { by_a_person, by_sight };
/// Asks for Enter when the answer can be seen, and waits for it, or until `is_there` says that it
/// can be: that is asked several times a second. Throws Failure if the run is stopped, or nobody
/// can answer.
Confirmation await_confirmation(
    const SolverContext& context, const Challenge& challenge,
    const std::function<bool()>& is_there = [] { return false; });

}  // namespace cairn::client
