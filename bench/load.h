#pragma once

#include "base/task.h"
#include "bench/scenario.h"

namespace cairn::bench {

/// How scenarios are measured.
struct LoadSettings {
    std::string program;                ///< cairn-ca
    std::filesystem::path work_folder;  ///< on the disk that is to be measured
    std::filesystem::path store_file;   ///< the embedded store to serve; empty: a new one
    /// How many certificates a new PostgreSQL store holds when the CA begins.
    long filled_certificates = 0;
    /// A run in which no certificate has come for so long is stuck, and is ended.
    base::Milliseconds stall_patience{15000};
    /// How often a run that got stuck is repeated.
    int repetitions = 2;
};

/// Starts the server, lets each client make an account and obtain one certificate, then measures.
/// A run that gets stuck or fails is tried again with a new server; what came of the last try is
/// returned, with a remark. Throws std::runtime_error if the server cannot be started.
[[nodiscard]] Measurement measure(const Scenario& scenario, const LoadSettings& settings);

}  // namespace cairn::bench
