#pragma once

#include <string>

#include "apps/cairn/run.h"

namespace cairn {

/// The file with the roots of a CA's own TLS, where a command does not say it: that of the
/// settings, else of a lineage whose plan names the CA. Empty: the roots of the system.
[[nodiscard]] std::string known_root_file(Run& run, const std::string& directory_url);

}  // namespace cairn
