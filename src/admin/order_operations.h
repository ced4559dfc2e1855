#pragma once
// Private to admin: orders of clients.

#include "admin/operation.h"

namespace cairn::admin {

/// `order list`: the newest first, in pages, chosen by all that is known of them.
[[nodiscard]] Operation order_list();
/// `order show`: one order with its authorizations, their attempts, and what was seen.
[[nodiscard]] Operation order_show();

}  // namespace cairn::admin
