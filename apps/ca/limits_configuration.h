#pragma once
// Private to configuration.cpp and its tests: the table [limits].

#include "apps/ca/configuration.h"
#include "base/toml_section.h"
#include "ca/rules/policy_kind.h"

namespace cairn::apps {

/// Reads [limits]: `enabled`, and each limit as `{ count, period, burst }`, or false for none. What
/// is absent has the default of a CA of this kind.
void read_limits(base::TomlSection section, ca::PolicyKind kind, Configuration::Limits& limits);

}  // namespace cairn::apps
