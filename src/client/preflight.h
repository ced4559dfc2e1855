#pragma once

#include <string>
#include <vector>

#include "client/certificate_plan.h"
#include "client/failure.h"
#include "client/solver.h"
#include "client/state_directory.h"

namespace cairn::client {

/// Writes each solver of the plan as it names itself, so that a renewal from another directory
/// finds the same. One that is not there stays as it is, to be found by `obstacles_to`.
void settle(CertificatePlan& plan, SolverSet& solvers);

/// Something that is seen beforehand to stand in the way of a certificate.
struct Obstacle {
    /// What it is about: "*.a.example", "pre_hook", "the state".
    std::string subject;
    /// What was looked at, what came back, and what to do.
    Failure failure;
};

/// Whether ports that solvers listen at have to be free already. They need not before a hook has
/// run that frees them.
enum class PortsLookedAt { yes, no };
/// Whether hooks have to be there already. A renewal does without one sooner than without a
/// certificate: it is missed when it is to run.
enum class HooksLookedAt { yes, no };

/// What stands in the way of what the plan wants, as far as it can be seen without asking anybody
/// else: a solver that is not there or cannot prove control of its name (a wildcard with http-01,
/// an address with dns-01) or cannot answer from here (a port in use or not allowed, a webroot that
/// is missing or may not be written), programs and hooks that are missing or may not be run, and a
/// state that cannot be written. Changes nothing; a port is taken and given back at once.
[[nodiscard]] std::vector<Obstacle> obstacles_to(const CertificatePlan& plan, SolverSet& solvers,
                                                 const StateDirectory& state, PortsLookedAt ports,
                                                 HooksLookedAt hooks = HooksLookedAt::yes);

/// All of them in one Failure, with what to do about each; at least one.
[[nodiscard]] Failure failure_of(const LineageName& lineage,
                                 const std::vector<Obstacle>& obstacles);

/// Throws that Failure if anything stands in the way, also of a deployment, if hooks are looked at.
void require_clear_way(const LineageName& lineage, const CertificatePlan& plan, SolverSet& solvers,
                       const StateDirectory& state, PortsLookedAt ports,
                       HooksLookedAt hooks = HooksLookedAt::yes);

}  // namespace cairn::client
