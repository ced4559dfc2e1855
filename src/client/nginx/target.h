#pragma once

#include <memory>

#include "base/result.h"
#include "client/deploy/target.h"

namespace cairn::client {

/// Installs a certificate in an nginx of this machine: its server blocks that answer the names show
/// it (`nginx/installation.h`), nginx tests the configuration, reads it, and is looked at. With
/// options for the file of the configuration, for redirects to HTTPS and so on
/// (`nginx::NginxOptions::target_usage`).
///
/// Each change of the configuration is kept in STATE/edits, so that it can be undone later.
[[nodiscard]] base::Result<std::unique_ptr<Target>> make_nginx_target(TargetOptions& options,
                                                                      const TargetContext& context);

}  // namespace cairn::client
