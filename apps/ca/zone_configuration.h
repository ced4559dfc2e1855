#pragma once
// Private to apps/ca: the part of the configuration about zones that are resolved in their own way.

#include "apps/ca/configuration.h"
#include "base/toml_section.h"

namespace cairn::apps {

/// Reads the tables of [validation.zones].
void read_zones(base::TomlSection section, std::vector<Configuration::Validation::Zone>& zones);

}  // namespace cairn::apps
