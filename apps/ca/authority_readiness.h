#pragma once

#include "apps/ca/authority.h"
#include "apps/ca/readiness.h"

namespace cairn::apps {

/// Adds to `facts` what they say of an authority at `facts.now`: its active issuers, and of each
/// issuer the revocation list that ends first.
void add_authority(const Authority& authority, ReadinessFacts& facts);

}  // namespace cairn::apps
