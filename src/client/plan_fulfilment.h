#pragma once

#include <optional>
#include <string>

#include "client/certificate_plan.h"
#include "client/lineage.h"
#include "client/lineage_facts.h"
#include "client/lineage_member.h"

namespace cairn::client {

/// Why the certificate that stands is not what the plan wants of this member, as half a sentence
/// ("it is for a.example, and b.example is wanted, too"); nothing if it is. Names, key, CA and
/// profile are looked at, not validity. `facts` are those of the member: what they do not tell of
/// the certificate is taken to be as wanted.
[[nodiscard]] std::optional<std::string> shortfall_of(const Generation& standing,
                                                      const LineageMember& member,
                                                      const CertificatePlan& plan,
                                                      const LineageFacts& facts);

}  // namespace cairn::client
