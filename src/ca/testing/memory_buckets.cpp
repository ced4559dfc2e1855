// Buckets of a MemoryRepository: a bucket is the time at which it will be full.
#include <algorithm>
#include <set>
#include <stdexcept>

#include "ca/testing/memory_repository.h"

namespace cairn::ca::testing {

namespace {

constexpr std::int64_t second = 1'000'000'000;
/// How far the clocks of nodes may differ.
constexpr std::int64_t tolerance = 3600 * second;

void require_sense(const Charges& charges) {
    std::set<std::string> names;
    for (const auto& [bucket, capacity, period, cost] : charges) {
        const bool makes_sense = !bucket.empty() && bucket.size() <= 200 &&
                                 names.insert(bucket).second && capacity >= 1 &&
                                 period >= base::Seconds(1) && cost >= 1 && cost <= capacity;
        if (!makes_sense) throw std::invalid_argument("no such charge can be");
    }
}

}  // namespace

ChargeDecision take_from(std::map<std::string, std::int64_t>& buckets, const Charges& charges,
                         base::Time now) {
    require_sense(charges);
    const auto present = now.time_since_epoch().count() * second;
    const auto refill = [](const Charge& charge) {
        return charge.period.count() * second / charge.capacity;
    };
    ChargeDecision decision{.accepted = true, .refused_by = {}, .retry_at = {}, .remaining = {}};
    std::int64_t latest = 0;
    for (std::size_t i = 0; i < charges.size(); ++i) {
        const auto& charge = charges[i];
        const auto empty = present + refill(charge) * charge.capacity;
        auto& full_at = buckets.try_emplace(charge.bucket, present).first->second;
        // A clock that was ahead has emptied it.
        full_at = full_at > empty + tolerance ? empty : std::max(full_at, present);
        const auto enough_at = full_at + refill(charge) * (charge.cost - charge.capacity);
        if (enough_at <= present || enough_at <= latest) continue;
        latest = enough_at;
        decision.accepted = false;
        decision.refused_by = i;
        decision.retry_at = base::Time(base::Seconds((enough_at + second - 1) / second));
    }
    for (const auto& charge : charges) {
        auto& full_at = buckets.at(charge.bucket);
        if (decision.accepted) full_at += refill(charge) * charge.cost;
        const auto held = present + refill(charge) * charge.capacity - full_at;
        decision.remaining.push_back(std::max<std::int64_t>(0, held) / refill(charge));
    }
    return decision;
}

}  // namespace cairn::ca::testing
