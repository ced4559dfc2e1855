#pragma once

#include "client/deploy/target.h"

namespace cairn::client {

/// "kubernetes:[NAMESPACE/]SECRET": a Secret of the type kubernetes.io/tls, by the API server.
[[nodiscard]] base::Result<std::unique_ptr<Target>> make_kubernetes_target(
    TargetOptions& options, const TargetContext& context);

}  // namespace cairn::client
