#pragma once

#include <string>
#include <vector>

#include "apps/cairn/plan_options.h"
#include "base/result.h"

namespace cairn {

/// A certificate that a file declares, in the words of `issue`.
struct DeclaredCertificate {
    /// Name of the lineage; empty: after the first name.
    std::string lineage;
    PlanOptions plan;
    AccountWords account;
};

/// The certificates that a TOML file declares, one [[certificate]] for each, with [defaults] for
/// what they have in common. Each key is named after the option of `issue`, with `_` for `-`:
/// name, names, ca, ca_root, staging, account, email, agree_tos, eab_kid, eab_hmac_key_file,
/// solver, credentials, resolver, propagation, key_types, reuse_key, profile, required_profile,
/// preferred_chain, renew_before, csr, pre_hook, post_hook, deploy_hooks, deploy and failure_hook.
/// Strict: the error tells all that is wrong, one a line, and quotes no values.
[[nodiscard]] base::Result<std::vector<DeclaredCertificate>> declared_in(const std::string& toml);

}  // namespace cairn
