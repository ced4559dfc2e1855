#pragma once

#include <functional>
#include <optional>
#include <string>

#include "client/child_process.h"
#include "client/failure.h"
#include "client/progress.h"
#include "client/timer.h"
#include "protocol/identifier.h"

namespace cairn::client {

/// A program that takes part in a proof, as it is run once.
struct SolverProgram {
    ChildProgram program;
    /// As people know it: "/usr/local/bin/dns-hook present".
    std::string line;
    /// What it is run for.
    Aim aim;
    /// What to do if it fails.
    std::string advice;
    /// The name that is proven; none: that is not known.
    std::optional<protocol::Identifier> identifier{};
    /// Takes out of its output what nobody may see; none: there is nothing of the kind.
    std::function<std::string(std::string)> redact{};
};

/// Runs it, and tells `progress`, if there is one, how it ended and what it wrote, so that it is
/// kept with the attempt. Returns the end of its output. Throws Failure, with that end, if it
/// cannot be run, takes longer than its deadline, or ends with another status than 0.
std::string run_for_proof(const SolverProgram& run, Timer& timer, Progress* progress);

}  // namespace cairn::client
