#pragma once

#include "client/deploy/target.h"

namespace cairn::client {

/// "vault:MOUNT/PATH": certificate, chain and key as a secret of HashiCorp Vault (or OpenBao), in
/// its KV store of version 1 or 2.
[[nodiscard]] base::Result<std::unique_ptr<Target>> make_vault_target(TargetOptions& options,
                                                                      const TargetContext& context);

}  // namespace cairn::client
