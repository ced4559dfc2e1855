#pragma once

#include "base/task.h"
#include "dns/resolver.h"
#include "protocol/challenge_type.h"
#include "va/validation.h"

namespace cairn::va {

/// All that one perspective does for a question: proves control by `method`, and asks, at the same
/// time, what the CAA records say, where the CA has a name in them. Both have to succeed; of two
/// failures that of control is told, since it is the client's next step. The evidence is that of
/// both. As the validators otherwise.
[[nodiscard]] base::Task<OrFailure<Evidence>> examine(const Validation& validation,
                                                      protocol::ChallengeType method,
                                                      const Settings& settings,
                                                      dns::Resolver& resolver);

}  // namespace cairn::va
