#pragma once

#include "client/doctor/observation.h"

namespace cairn::client::doctor {

/// The CAA records against the CA, its account and the method. `authority` tells by which domains
/// records name the CA. Pure.
[[nodiscard]] Findings judge_caa(const Patient& patient, const base::Result<dns::CaaSet>& set,
                                 const AuthorityView& authority);

}  // namespace cairn::client::doctor
