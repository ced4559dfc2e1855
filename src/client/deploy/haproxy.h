#pragma once

#include "client/deploy/target.h"

namespace cairn::client {

/// "haproxy[:FILE]": key and chain in one file that HAProxy reads; with its stats socket it is told
/// so without a reload.
[[nodiscard]] base::Result<std::unique_ptr<Target>> make_haproxy_target(
    TargetOptions& options, const TargetContext& context);

}  // namespace cairn::client
