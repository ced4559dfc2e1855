#pragma once
// Private to admin: issuers, and ending what they issue.

#include "admin/operation.h"

namespace cairn::admin {

/// `issuer list`: those of the configuration, and whether they issue.
[[nodiscard]] Operation issuer_list();
/// `issuer retire`: it issues nothing any more, at no node; its lists and answers go on.
[[nodiscard]] Operation issuer_retire();

}  // namespace cairn::admin
