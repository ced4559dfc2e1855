#pragma once
// Private to apps/ca: the part of the configuration that clients see in the directory.

#include "apps/ca/configuration.h"
#include "apps/ca/toml_section.h"

namespace cairn::apps {

/// Reads [directory].
void read_directory(TomlSection section, Configuration::Directory& directory);

}  // namespace cairn::apps
