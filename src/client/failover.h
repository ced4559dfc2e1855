#pragma once

#include <optional>
#include <vector>

#include "client/certificate_plan.h"
#include "client/failure.h"
#include "client/lineage_facts.h"
#include "client/state_directory.h"

namespace cairn::client {

/// How things stand at a CA that a certificate was not obtained from.
struct Standing {
    /// It is not asked any more in this run.
    bool is_unavailable = false;
    /// It was asked to issue, and may have done so.
    bool may_have_issued = false;
};

/// Whether another CA may do what this one did not, as `failure` tells: it cannot be asked or has
/// refused, and nothing is lost if another is asked instead. A proof of control that has failed
/// would fail elsewhere as well.
[[nodiscard]] bool may_be_had_elsewhere(const Failure& failure, const Standing& standing);

/// The CAs of the plan in the order in which they are asked: first the one where an order is under
/// way.
[[nodiscard]] std::vector<Authority> in_turn(const CertificatePlan& plan,
                                             const std::optional<OpenOrder>& begun);

/// The failure of asking CA after CA, of which each had one; the first, at least one, counts most.
[[nodiscard]] Failure none_of_them(const LineageName& lineage,
                                   const std::vector<Failure>& failures);

}  // namespace cairn::client
