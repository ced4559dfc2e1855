#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/ca/adapters.h"

namespace cairn::apps {

/// Serves the CA in `folder` until SIGTERM or SIGINT, then drains; SIGHUP reads configuration and
/// keys again. Returns the exit code. Throws std::runtime_error for what keeps it from starting.
int serve(const std::filesystem::path& folder, const std::vector<std::string>& overrides,
          const Adapters& adapters);

}  // namespace cairn::apps
