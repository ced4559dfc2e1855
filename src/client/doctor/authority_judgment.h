#pragma once

#include "client/doctor/observation.h"

namespace cairn::client::doctor {

/// What the CA's directory says: whether it can be had, the clock, the account, the profile. Pure.
[[nodiscard]] Findings judge_authority(const AuthorityView& seen);

}  // namespace cairn::client::doctor
