#include "apps/va/open_mpic_quorum.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "ca/rules/quorum.h"
#include "crypto/digest.h"

namespace cairn::apps {

namespace {

/// A request is tried no more often, whatever it asks for.
constexpr std::size_t most_attempts = 3;
/// From this quorum on the specification wants two regions.
constexpr std::size_t quorum_of_regions = 3;

}  // namespace

base::Result<OpenMpicPlan> plan_for(const std::optional<va::OpenMpicCounts>& counts,
                                    std::size_t available) {
    OpenMpicPlan plan{.perspectives = available};
    if (counts && counts->perspectives)
        plan.perspectives = static_cast<std::size_t>(*counts->perspectives);
    if (plan.perspectives > available)
        return base::fail("perspective_count: there are " + std::to_string(available) +
                          " perspectives here");
    plan.quorum = plan.perspectives - ca::usual_dissent(plan.perspectives);
    if (counts && counts->quorum) plan.quorum = static_cast<std::size_t>(*counts->quorum);
    if (plan.quorum > plan.perspectives)
        return base::fail("quorum_count: " + std::to_string(plan.perspectives) +
                          " perspectives look");
    if (counts && counts->attempts)
        plan.attempts = std::min(static_cast<std::size_t>(*counts->attempts), most_attempts);
    return plan;
}

std::vector<std::size_t> chosen(std::span<const OpenMpicSeat> seats, std::size_t count,
                                base::BytesView key, std::string_view target) {
    std::vector<std::pair<crypto::Sha256Digest, std::size_t>> others;
    for (std::size_t i = 1; i < seats.size(); ++i) {
        const auto text = std::string(target) + "\n" + seats[i].code;
        others.emplace_back(crypto::hmac_sha256(key, base::bytes_of(text)), i);
    }
    std::ranges::sort(others);
    const auto elsewhere = std::ranges::find_if(others, [&](const auto& other) {
        return seats[other.second].region != seats.front().region;
    });
    if (elsewhere != others.end()) std::rotate(others.begin(), elsewhere, elsewhere + 1);
    std::vector<std::size_t> indices{0};
    for (const auto& [digest, index] : others)
        if (indices.size() < count) indices.push_back(index);
    return indices;
}

bool is_reached(const OpenMpicPlan& plan, std::span<const OpenMpicSeat> looked,
                const std::vector<bool>& passed) {
    std::set<protocol::InternetRegistry> regions, corroborating;
    std::size_t count = 0;
    for (std::size_t i = 0; i < looked.size(); ++i) {
        regions.insert(looked[i].region);
        if (!passed.at(i)) continue;
        ++count;
        corroborating.insert(looked[i].region);
    }
    if (count < plan.quorum) return false;
    return plan.quorum < quorum_of_regions || regions.size() < 2 || corroborating.size() >= 2;
}

}  // namespace cairn::apps
