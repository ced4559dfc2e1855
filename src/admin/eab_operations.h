#pragma once
// Private to admin: keys for external account binding (RFC 8555 section 7.3.4).

#include "admin/operation.h"

namespace cairn::admin {

/// Makes a key, and tells its secret, this once.
[[nodiscard]] Operation eab_create();
/// The keys in the order in which they were made, in pages, without their secrets.
[[nodiscard]] Operation eab_list();
/// One key, and the accounts that are bound to it.
[[nodiscard]] Operation eab_show();
/// Ends a key; on demand also the accounts that are bound to it.
[[nodiscard]] Operation eab_revoke();

}  // namespace cairn::admin
