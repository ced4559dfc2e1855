#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "base/clock.h"
#include "client/session_pool.h"
#include "client/solver.h"
#include "client/state_directory.h"
#include "client/timer.h"
#include "crypto/random.h"

namespace cairn::client {

class LocalEvidence;

/// What every job of a run works with; all of it outlives the jobs and may be shared by threads.
struct Environment {
    const StateDirectory& state;
    const base::Clock& clock;
    Timer& timer;
    crypto::Random& random;
    SolverSet& solvers;
    SessionPool& sessions;
    /// Looks from here at proofs that have failed; null: nobody does.
    LocalEvidence* evidence = nullptr;
    /// How long each hook may take.
    std::chrono::milliseconds hook_patience = std::chrono::minutes{5};
    /// How long a CA may take for validation and for issuance, each, where the plan says nothing.
    std::chrono::milliseconds ca_patience = std::chrono::seconds{90};
    /// Where settings, credentials and recipes of one's own are.
    std::filesystem::path settings_folder{};
    /// As requests over HTTP name this program.
    std::string user_agent{};
};

}  // namespace cairn::client
