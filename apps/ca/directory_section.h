#pragma once
// Private to apps/ca: the part of the configuration that clients see in the directory.

#include "apps/ca/configuration.h"
#include "base/toml_section.h"

namespace cairn::apps {

/// Reads [directory].
void read_directory(base::TomlSection section, Configuration::Directory& directory);

}  // namespace cairn::apps
