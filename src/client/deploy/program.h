#pragma once

#include "client/deploy/target.h"

namespace cairn::client {

/// "exec:PROGRAM": a program that is run when a certificate is in place. It knows what to do, and
/// is believed.
[[nodiscard]] base::Result<std::unique_ptr<Target>> make_program_target(
    TargetOptions& options, const TargetContext& context);

/// The same for the line of a deploy hook.
[[nodiscard]] std::unique_ptr<Target> program_target(const std::string& line);

}  // namespace cairn::client
