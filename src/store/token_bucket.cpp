#include "store/token_bucket.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <stdexcept>
#include <string_view>

namespace cairn::store {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t clock_tolerance = 3600 * second;
constexpr std::size_t longest_name = 200;
constexpr std::size_t most_charges = 4000;
constexpr base::Seconds longest_period = std::chrono::days(3660);
constexpr std::int64_t longest_fill = 36'600LL * 86'400 * second;

void require(bool condition, const char* what) {
    if (!condition) throw std::invalid_argument(what);
}

}  // namespace

Instant instant_of(base::Time time) {
    return time.time_since_epoch().count() * second;
}

Withdrawal Withdrawal::under(const ca::Rate& other) const {
    if (!counts()) return *this;
    const auto wanted = cost / interval;
    const auto other_interval = other.period.count() * second / other.count;
    return {.interval = other_interval,
            .cost = other_interval * wanted,
            .capacity = other_interval * other.count,
            .effect = effect,
            .rate = other};
}

std::vector<Withdrawal> withdrawals_of(std::span<const ca::Charge> charges) {
    require(charges.size() <= most_charges, "too many buckets to charge from at once");
    std::vector<Withdrawal> withdrawals;
    std::set<std::string_view> names;
    for (const auto& charge : charges) {
        require(!charge.bucket.empty() && charge.bucket.size() <= longest_name,
                "a bucket's name must have 1 to 200 octets");
        require(names.insert(charge.bucket).second, "a bucket is named twice");
        require(charge.period >= base::Seconds(1) && charge.period <= longest_period,
                "a bucket's period must be from a second to ten years");
        const auto period = charge.period.count() * second;
        require(charge.capacity >= 1 && charge.capacity <= second,
                "a bucket's capacity must be from 1 to 10^9");
        const auto burst = charge.burst == 0 ? charge.capacity : charge.burst;
        const auto interval = period / charge.capacity;
        require(burst >= 1 && burst <= second && burst <= longest_fill / interval,
                "a full bucket must hold from 1 to 10^9, and fill within a hundred years");
        require(charge.cost >= 1 && charge.cost <= burst,
                "a cost must be from 1 to what a full bucket holds");
        withdrawals.push_back({.interval = interval,
                               .cost = interval * charge.cost,
                               .capacity = interval * burst,
                               .effect = charge.effect,
                               .rate = {charge.capacity, charge.period}});
    }
    return withdrawals;
}

ca::Charges asking(ca::Charges charges) {
    std::erase_if(charges, [](const ca::Charge& charge) {
        return charge.effect == ca::Charge::Effect::mark ||
               charge.effect == ca::Charge::Effect::clear;
    });
    for (auto& charge : charges)
        if (charge.effect == ca::Charge::Effect::take) charge.effect = ca::Charge::Effect::check;
    return charges;
}

ca::ChargeDecision decision_of(std::span<const Withdrawal> withdrawals,
                               std::span<const Instant> arrivals, Instant now) {
    ca::ChargeDecision decision;
    Instant latest = 0;
    for (std::size_t i = 0; i < withdrawals.size(); ++i) {
        const auto& withdrawal = withdrawals[i];
        if (!withdrawal.counts() && withdrawal.effect != ca::Charge::Effect::bar) continue;
        const auto enough_at =
            arrivals[i] + (withdrawal.counts() ? withdrawal.cost - withdrawal.capacity : 0);
        if (enough_at <= now || enough_at <= latest) continue;
        latest = enough_at;
        decision.accepted = false;
        decision.refused_by = i;
        decision.retry_at = base::Time(base::Seconds((enough_at + second - 1) / second));
    }
    for (std::size_t i = 0; i < withdrawals.size(); ++i) {
        const auto& withdrawal = withdrawals[i];
        const auto arrival = arrivals[i] + (decision.accepted ? withdrawal.taken() : 0);
        const auto held = std::max<std::int64_t>(0, now + withdrawal.capacity - arrival);
        const bool is_full = withdrawal.effect == ca::Charge::Effect::bar && arrival <= now;
        decision.remaining.push_back(withdrawal.counts() ? held / withdrawal.interval
                                                         : (is_full ? 1 : 0));
        decision.rates.push_back(withdrawal.rate);
    }
    return decision;
}

Instant possible_arrival(Instant arrival, const Withdrawal& withdrawal, Instant now) {
    if (!withdrawal.counts()) return std::max(arrival, now);
    const auto empty = now + withdrawal.capacity;
    return arrival > empty + clock_tolerance ? empty : std::max(arrival, now);
}

std::int64_t refund_of(std::int64_t cost, Instant taken_at, Instant now) {
    return std::max<std::int64_t>(0, cost - std::max<std::int64_t>(0, now - taken_at));
}

Instant forgettable_before(Instant now) {
    return now - clock_tolerance;
}

std::int64_t forgotten_with(std::size_t charges) {
    return static_cast<std::int64_t>(charges) + 1;
}

}  // namespace cairn::store
