#include "ca/rules/quorum.h"

#include <algorithm>
#include <array>
#include <set>

namespace cairn::ca {

namespace {

using std::chrono::sys_days;
using std::chrono::year;

constexpr base::Time day(int the_year, unsigned month, unsigned of_month) {
    return sys_days(year(the_year) / static_cast<int>(month) / static_cast<int>(of_month));
}

// BR section 3.2.2.9. From 2025-03-15 to 2025-09-15 the results were to be looked at alone.
constexpr std::array phases{
    CorroborationPhase{day(2025, 3, 15), 2, 1, false},
    CorroborationPhase{day(2025, 9, 15), 2, 1, true},
    CorroborationPhase{day(2026, 3, 15), 3, 2, true},
    CorroborationPhase{day(2026, 6, 15), 4, 2, true},
    CorroborationPhase{day(2026, 12, 15), 5, 2, true},
};

// Whether it is reached if those whose ballots are `counted` corroborate.
bool is_reached_by(const QuorumRule& rule, std::span<const Vote> votes,
                   std::initializer_list<Ballot> counted) {
    std::size_t corroborations = 0;
    std::set<protocol::InternetRegistry> regions;
    for (const auto& vote : votes) {
        if (std::ranges::find(counted, vote.ballot) == counted.end()) continue;
        ++corroborations;
        regions.insert(vote.region);
    }
    return corroborations + rule.dissent >= votes.size() &&
           (corroborations == 0 ? rule.dissent >= votes.size() : regions.size() >= rule.regions);
}

}  // namespace

std::span<const CorroborationPhase> corroboration_phases() {
    return phases;
}

CorroborationPhase corroboration_demanded(base::Time now) {
    CorroborationPhase demand{{}, 0, 0, false};
    for (const auto& phase : phases)
        if (phase.since <= now) demand = phase;
    return demand;
}

std::size_t usual_dissent(std::size_t remotes) {
    if (remotes < 2) return 0;
    return remotes < 6 ? 1 : 2;
}

Quorum quorum_of(const QuorumRule& rule, std::span<const Vote> votes) {
    if (is_reached_by(rule, votes, {Ballot::corroborates})) return Quorum::reached;
    return is_reached_by(rule, votes, {Ballot::corroborates, Ballot::open}) ? Quorum::open
                                                                            : Quorum::missed;
}

}  // namespace cairn::ca
