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

using Effect = Charge::Effect;

void require_sense(const Charges& charges) {
    std::set<std::string> names;
    for (const auto& charge : charges) {
        const auto burst = charge.burst == 0 ? charge.capacity : charge.burst;
        const bool makes_sense = !charge.bucket.empty() && charge.bucket.size() <= 200 &&
                                 names.insert(charge.bucket).second && charge.capacity >= 1 &&
                                 charge.period >= base::Seconds(1) && charge.cost >= 1 &&
                                 charge.cost <= burst;
        if (!makes_sense) throw std::invalid_argument("no such charge can be");
    }
}

bool counts(const Charge& charge) {
    return charge.effect == Effect::take || charge.effect == Effect::check;
}

// The charge under the first override that there is.
Charge in_force(Charge charge, const std::map<std::string, Rate>& overrides) {
    for (const auto& key : charge.overrides) {
        const auto entry = overrides.find(key);
        if (entry == overrides.end() || !counts(charge)) continue;
        charge.capacity = charge.burst = entry->second.count;
        charge.period = entry->second.period;
        break;
    }
    if (charge.burst == 0) charge.burst = charge.capacity;
    return charge;
}

std::int64_t refill(const Charge& charge) {
    return charge.period.count() * second / charge.capacity;
}

}  // namespace

ChargeDecision take_from(MemoryFacts& facts, const Charges& charges, base::Time now,
                         std::map<std::string, std::int64_t>* taken) {
    require_sense(charges);
    const auto present = now.time_since_epoch().count() * second;
    Charges wanted;
    for (const auto& charge : charges) wanted.push_back(in_force(charge, facts.overrides));
    ChargeDecision decision;
    std::int64_t latest = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const auto& charge = wanted[i];
        auto& full_at = facts.buckets.try_emplace(charge.bucket, present).first->second;
        full_at = std::max(full_at, present);
        if (counts(charge)) {
            const auto empty = present + refill(charge) * charge.burst;
            // A clock that was ahead has emptied it.
            if (full_at > empty + tolerance) full_at = empty;
        } else if (charge.effect != Effect::bar) {
            continue;
        }
        const auto enough_at =
            full_at + (counts(charge) ? refill(charge) * (charge.cost - charge.burst) : 0);
        if (enough_at <= present || enough_at <= latest) continue;
        latest = enough_at;
        decision.accepted = false;
        decision.refused_by = i;
        decision.retry_at = base::Time(base::Seconds((enough_at + second - 1) / second));
    }
    for (const auto& charge : wanted) {
        auto& full_at = facts.buckets.at(charge.bucket);
        decision.rates.push_back({charge.capacity, charge.period});
        if (!counts(charge))
            decision.remaining.push_back(charge.effect == Effect::bar && full_at <= present);
        if (decision.accepted && charge.effect == Effect::take) {
            full_at += refill(charge) * charge.cost;
            if (taken != nullptr) (*taken)[charge.bucket] = refill(charge) * charge.cost;
        }
        if (decision.accepted && charge.effect == Effect::mark)
            full_at = std::max(full_at, present + charge.period.count() * second);
        if (decision.accepted && charge.effect == Effect::clear) full_at = present;
        if (!counts(charge)) continue;
        const auto held = present + refill(charge) * charge.burst - full_at;
        decision.remaining.push_back(std::max<std::int64_t>(0, held) / refill(charge));
    }
    return decision;
}

}  // namespace cairn::ca::testing
