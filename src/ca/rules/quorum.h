#pragma once

#include <cstddef>
#include <span>

#include "base/clock.h"
#include "protocol/internet_registry.h"

namespace cairn::ca {

/// What the Baseline Requirements demand of a public CA's remote network perspectives from a day
/// on (section 3.2.2.9).
struct CorroborationPhase {
    base::Time since;
    /// At least so many are asked.
    std::size_t remotes;
    /// Those that corroborate stand in the service regions of at least so many registries.
    std::size_t regions;
    /// Whether a validation without a quorum proves nothing.
    bool is_enforced;
};
/// All phases, by their days.
[[nodiscard]] std::span<const CorroborationPhase> corroboration_phases();
/// The one in force at `now`; before the first there is no demand.
[[nodiscard]] CorroborationPhase corroboration_demanded(base::Time now);

/// How many of so many remote perspectives may fail to corroborate (the table of quorum
/// requirements): none of 1, one of 2 to 5, two of 6 or more.
[[nodiscard]] std::size_t usual_dissent(std::size_t remotes);

/// When what the CA itself saw is corroborated.
struct QuorumRule {
    std::size_t dissent = 0;
    std::size_t regions = 1;
};
/// What one remote perspective says to a proof that the CA itself saw.
enum class Ballot {
    open,          ///< it has not answered yet
    corroborates,  ///< it saw the proof, too
    withheld,      ///< it did not see it, or gave no answer
};
struct Vote {
    protocol::InternetRegistry region;
    Ballot ballot = Ballot::open;
};
enum class Quorum {
    open,     ///< it depends on who has not answered yet
    reached,  ///< whatever the others say
    missed,   ///< likewise
};
/// Decides. Without any vote the quorum is reached: there is nobody to ask.
[[nodiscard]] Quorum quorum_of(const QuorumRule& rule, std::span<const Vote> votes);

}  // namespace cairn::ca
