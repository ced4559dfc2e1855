#pragma once
// Private to admin: keys that nobody may use.

#include "admin/operation.h"

namespace cairn::admin {

/// Blocks keys for good: no account gets one and no certificate is issued with one from now on.
[[nodiscard]] Operation key_block();
/// Which of some keys are blocked.
[[nodiscard]] Operation key_show();

}  // namespace cairn::admin
