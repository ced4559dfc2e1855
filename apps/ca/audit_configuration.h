#pragma once

#include "apps/ca/configuration.h"
#include "base/toml_section.h"
#include "ca/rules/policy_kind.h"

namespace cairn::apps {

/// Reads `[audit]`: where the audit log is, and how long it is kept.
void read_audit(base::TomlSection section, ca::PolicyKind kind, Configuration::Audit& audit);

}  // namespace cairn::apps
