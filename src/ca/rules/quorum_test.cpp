#include "ca/rules/quorum.h"

#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace cairn::ca::quorum_test {
namespace {

using Registry = protocol::InternetRegistry;

base::Time at(std::string_view text) {
    return *base::from_rfc3339(text);
}

// Check 182.
TEST(CorroborationPhases, BeginOnTheirDays) {
    struct Case {
        std::string_view time;
        std::size_t remotes, regions;
        bool is_enforced;
    };
    for (const auto& [time, remotes, regions, is_enforced] : {
             Case{"2025-03-14T23:59:59Z", 0, 0, false},
             Case{"2025-03-15T00:00:00Z", 2, 1, false},
             Case{"2025-09-14T23:59:59Z", 2, 1, false},
             Case{"2025-09-15T00:00:00Z", 2, 1, true},
             Case{"2026-03-14T23:59:59Z", 2, 1, true},
             Case{"2026-03-15T00:00:00Z", 3, 2, true},
             Case{"2026-06-15T00:00:00Z", 4, 2, true},
             Case{"2026-12-14T23:59:59Z", 4, 2, true},
             Case{"2026-12-15T00:00:00Z", 5, 2, true},
             Case{"2030-01-01T00:00:00Z", 5, 2, true},
         }) {
        const auto demand = corroboration_demanded(at(time));
        EXPECT_EQ(demand.remotes, remotes) << time;
        EXPECT_EQ(demand.regions, regions) << time;
        EXPECT_EQ(demand.is_enforced, is_enforced) << time;
    }
}

TEST(UsualDissent, IsThatOfTheTable) {
    const std::vector<std::size_t> allowed{0, 0, 1, 1, 1, 1, 2, 2, 2};
    for (std::size_t remotes = 0; remotes < allowed.size(); ++remotes)
        EXPECT_EQ(usual_dissent(remotes), allowed[remotes]) << remotes;
}

// "c": corroborates, ".": open, "x": withheld. The regions: R, A, P as RIPE, ARIN, APNIC.
std::vector<Vote> votes_of(std::string_view ballots, std::string_view regions) {
    std::vector<Vote> votes;
    for (std::size_t i = 0; i < ballots.size(); ++i) {
        const auto region = regions[i] == 'R'   ? Registry::ripe
                            : regions[i] == 'A' ? Registry::arin
                                                : Registry::apnic;
        const auto ballot = ballots[i] == 'c'   ? Ballot::corroborates
                            : ballots[i] == '.' ? Ballot::open
                                                : Ballot::withheld;
        votes.push_back({region, ballot});
    }
    return votes;
}

// Check 182.
TEST(QuorumOf, DecidesAsSoonAsTheRestCannotChangeIt) {
    struct Case {
        std::string_view ballots, regions;
        QuorumRule rule;
        Quorum expected;
    };
    for (const auto& [ballots, regions, rule, expected] : {
             Case{"", "", {0, 1}, Quorum::reached},
             Case{".", "R", {0, 1}, Quorum::open},
             Case{"c", "R", {0, 1}, Quorum::reached},
             Case{"x", "R", {0, 1}, Quorum::missed},
             // One of three may fail.
             Case{"cc.", "RRR", {1, 1}, Quorum::reached},
             Case{"cx.", "RRR", {1, 1}, Quorum::open},
             Case{"cxc", "RRR", {1, 1}, Quorum::reached},
             Case{"xx.", "RRR", {1, 1}, Quorum::missed},
             Case{"c..", "RRR", {1, 1}, Quorum::open},
             // In two regions.
             Case{"cc.", "RRA", {1, 2}, Quorum::open},
             Case{"ccc", "RRA", {1, 2}, Quorum::reached},
             Case{"ccx", "RRA", {1, 2}, Quorum::missed},
             Case{"cxc", "RRA", {1, 2}, Quorum::reached},
             Case{"ccc", "RRR", {1, 2}, Quorum::missed},
             Case{"...", "RRR", {1, 2}, Quorum::missed},
             // Two of six.
             Case{"cccc..", "RRRRAA", {2, 2}, Quorum::open},
             Case{"ccccxx", "RRRRAA", {2, 2}, Quorum::missed},
             Case{"ccccxx", "RRRARA", {2, 2}, Quorum::reached},
             Case{"cccxxx", "RAPRAP", {2, 2}, Quorum::missed},
             // Who only looks on.
             Case{"xx", "RA", {2, 1}, Quorum::reached},
             Case{"..", "RA", {2, 1}, Quorum::reached},
         })
        EXPECT_EQ(quorum_of(rule, votes_of(ballots, regions)), expected)
            << ballots << " " << regions;
}

}  // namespace
}  // namespace cairn::ca::quorum_test
