#pragma once

#include <string>
#include <string_view>

#include "base/enum_table.h"
#include "base/result.h"

namespace cairn::ca {

/// Whom a CA serves, by its operator's word: `policy.kind` of the configuration.
enum class PolicyKind {
    private_ca,  ///< those who chose to trust it; the operator may relax what the public expects
    public_ca,   ///< everybody: the Baseline Requirements of the CA/Browser Forum hold, always
};

inline constexpr base::EnumTable<PolicyKind, std::string_view> policy_kind_names({
    {PolicyKind::private_ca, "private"},
    {PolicyKind::public_ca, "public"},
});

/// "private" or "public".
[[nodiscard]] inline std::string_view to_string(PolicyKind kind) {
    return policy_kind_names[kind];
}
/// The reverse; the error names both.
[[nodiscard]] inline base::Result<PolicyKind> policy_kind_from(std::string_view text) {
    if (const auto kind = policy_kind_names.find(text)) return *kind;
    return base::fail("must be one of " + base::listed(policy_kind_names));
}

}  // namespace cairn::ca
