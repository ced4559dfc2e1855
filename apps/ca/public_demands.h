#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/ca/adapters.h"
#include "apps/ca/configuration.h"
#include "base/clock.h"

namespace cairn::apps {

/// What a public CA must have by the Baseline Requirements or the programs of browsers, and this
/// one lacks: what this version does not have at all, and what its configuration leaves out. Empty
/// for a private CA. `now`: what is demanded changes with time.
[[nodiscard]] std::vector<std::string> missing_for_public(const Configuration& configuration,
                                                          base::Time now);

/// As load_configuration; throws std::runtime_error with all that is missing, as `adapters` say, if
/// a public CA could not serve with it.
[[nodiscard]] Configuration load_servable_configuration(const std::filesystem::path& folder,
                                                        const std::vector<std::string>& overrides,
                                                        base::Time now, const Adapters& adapters);

}  // namespace cairn::apps
