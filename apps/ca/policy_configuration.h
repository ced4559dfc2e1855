#pragma once
// Private to configuration.cpp: what ca.toml says of names, keys and profiles.

#include "apps/ca/configuration.h"
#include "base/clock.h"
#include "base/toml_section.h"

namespace cairn::apps {

/// Reads [policy]. What is wrong becomes findings of the section, here and below.
void read_policy(base::TomlSection section, Configuration::Policy& policy);
/// Reads [profiles], whose bounds depend on `configuration.policy` and on the time.
void read_profiles(base::TomlSection section, Configuration& configuration, base::Time now);
/// Reads `default_profile`, one of the profiles that were read before.
void read_default_profile(base::TomlSection& top, Configuration& configuration);

}  // namespace cairn::apps
