#pragma once

#include "apps/ca/configuration.h"
#include "base/toml_section.h"

namespace cairn::apps {

/// Reads the tables [[perspective]] and [[open_mpic]] of `top`, and [quorum], which a public CA may
/// not have.
void read_perspectives(base::TomlSection& top, ca::PolicyKind kind, Configuration& configuration);

}  // namespace cairn::apps
