#pragma once
// Private to admin: rate limits, as an operator sees and changes them.

#include "admin/operation.h"

namespace cairn::admin {

/// All limits with their values, and the overrides, in pages.
[[nodiscard]] Operation limit_list();
/// What the buckets hold that count for an account, names or an address.
[[nodiscard]] Operation limit_show();
/// Sets another limit for one account, domain or network, or removes it again.
[[nodiscard]] Operation limit_override();
/// Fills buckets, and unpauses an account for a name.
[[nodiscard]] Operation limit_reset();

}  // namespace cairn::admin
