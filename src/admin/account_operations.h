#pragma once
// Private to admin: accounts, as an operator sees them.

#include "admin/operation.h"

namespace cairn::admin {

/// The accounts in the order in which they were made, in pages.
[[nodiscard]] Operation account_list();
/// One account, by its id, by its URL, or by the thumbprint of its key (RFC 7638).
[[nodiscard]] Operation account_show();
/// Ends an account for good: its requests are refused from now on. Its certificates stay valid.
[[nodiscard]] Operation account_deactivate();
/// What one account may have in its certificates beyond what everybody may: shown, or replaced.
[[nodiscard]] Operation account_scope();

}  // namespace cairn::admin
