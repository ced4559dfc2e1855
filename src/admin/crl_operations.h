#pragma once
// Private to admin: revocation lists.

#include "admin/operation.h"

namespace cairn::admin {

/// `crl list`: every revocation list, and whether it is as it should be.
[[nodiscard]] Operation crl_list();
/// `crl publish`: new lists at once, whatever is due.
[[nodiscard]] Operation crl_publish();

}  // namespace cairn::admin
