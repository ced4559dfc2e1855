#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/certificate_plan.h"
#include "client/progress.h"
#include "client/state_directory.h"
#include "client/timer.h"

namespace cairn::client {

/// When a program of the user's runs.
enum class HookKind {
    pre,     ///< before an order is made
    post,    ///< after it, whatever came of it
    deploy,  ///< when a new certificate is in place
    failure  ///< when none could be had
};
/// "pre-hook"
[[nodiscard]] std::string_view to_string(HookKind kind);

/// Variables for a hook, each name once.
using HookVariables = std::vector<std::pair<std::string, std::string>>;

/// What hooks are told of the lineage that they run for: CAIRN_LINEAGE, CAIRN_NAMES (with blanks
/// between), and CAIRN_LIVE_DIR.
[[nodiscard]] HookVariables lineage_variables(const StateDirectory& state,
                                              const LineageName& lineage,
                                              const CertificatePlan& plan);
/// The names of the plan with blanks between; as many as a variable can hold.
[[nodiscard]] std::string names_for_hook(const std::vector<protocol::Identifier>& names);

/// A hook to run, as the user wrote it (`CommandWords`).
struct HookCall {
    HookKind kind = HookKind::deploy;
    std::string command;
    HookVariables variables;
    /// How long it may take.
    std::chrono::milliseconds patience = std::chrono::minutes{5};
};

/// Runs it, without a shell between, and tells of its start and end. What was wrong, as half a
/// sentence; empty if it ended with status 0. CAIRN_HOOK says to the program what it runs as.
[[nodiscard]] std::string run_hook(const HookCall& call, Timer& timer, Progress& progress);

/// The same for a program of which `role` says what it is: "deploy-hook", "check", "reload".
[[nodiscard]] std::string run_command(const HookCall& call, std::string_view role, Timer& timer,
                                      Progress& progress);

}  // namespace cairn::client
