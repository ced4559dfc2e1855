#pragma once
// Private to configuration.cpp: what ca.toml says of names, keys and profiles.

#include "apps/ca/configuration.h"
#include "apps/ca/toml_section.h"
#include "base/clock.h"

namespace cairn::apps {

/// Reads [policy]. What is wrong becomes findings of the section, here and below.
void read_policy(TomlSection section, Configuration::Policy& policy);
/// Reads [profiles], whose bounds depend on `configuration.policy` and on the time.
void read_profiles(TomlSection section, Configuration& configuration, base::Time now);
/// Reads `default_profile`, one of the profiles that were read before.
void read_default_profile(TomlSection& top, Configuration& configuration);

}  // namespace cairn::apps
