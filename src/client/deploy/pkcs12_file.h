#pragma once

#include "client/deploy/target.h"

namespace cairn::client {

/// "pkcs12:FILE,password-file=FILE": key and chain as PKCS#12, which Java and Windows read.
[[nodiscard]] base::Result<std::unique_ptr<Target>> make_pkcs12_target(
    TargetOptions& options, const TargetContext& context);

}  // namespace cairn::client
