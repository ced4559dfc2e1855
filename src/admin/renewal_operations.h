#pragma once
// Private to admin: when certificates are renewed (RFC 9773), as an operator rules it.

#include "admin/operation.h"

namespace cairn::admin {

/// Makes certificates be renewed early, by one rule for as many as there are.
[[nodiscard]] Operation renewal_pull_forward();
/// The rules that are in force.
[[nodiscard]] Operation renewal_list();
/// The window that clients are told for one certificate, and why.
[[nodiscard]] Operation renewal_show();
/// Takes a rule back: its certificates have their usual windows again.
[[nodiscard]] Operation renewal_cancel();

}  // namespace cairn::admin
