#pragma once
// Private to admin: remote network perspectives.

#include "admin/operation.h"

namespace cairn::admin {

[[nodiscard]] Operation perspective_add();
[[nodiscard]] Operation perspective_list();
[[nodiscard]] Operation perspective_renew();
[[nodiscard]] Operation perspective_remove();

}  // namespace cairn::admin
