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
constexpr std::size_t most_charges = 1000;
constexpr base::Seconds longest_period = std::chrono::days(3660);

void require(bool condition, const char* what) {
    if (!condition) throw std::invalid_argument(what);
}

}  // namespace

Instant instant_of(base::Time time) {
    return time.time_since_epoch().count() * second;
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
        require(charge.cost >= 1 && charge.cost <= charge.capacity,
                "a cost must be from 1 to the bucket's capacity");
        const auto interval = period / charge.capacity;
        withdrawals.push_back({.interval = interval,
                               .cost = interval * charge.cost,
                               .capacity = interval * charge.capacity});
    }
    return withdrawals;
}

ca::ChargeDecision decision_of(std::span<const Withdrawal> withdrawals,
                               std::span<const Instant> arrivals, Instant now) {
    ca::ChargeDecision decision{
        .accepted = true, .refused_by = {}, .retry_at = {}, .remaining = {}};
    Instant latest = 0;
    for (std::size_t i = 0; i < withdrawals.size(); ++i) {
        const auto& withdrawal = withdrawals[i];
        const auto enough_at = arrivals[i] + withdrawal.cost - withdrawal.capacity;
        if (enough_at <= now || enough_at <= latest) continue;
        latest = enough_at;
        decision.accepted = false;
        decision.refused_by = i;
        decision.retry_at = base::Time(base::Seconds((enough_at + second - 1) / second));
    }
    for (std::size_t i = 0; i < withdrawals.size(); ++i) {
        const auto& withdrawal = withdrawals[i];
        const auto arrival = arrivals[i] + (decision.accepted ? withdrawal.cost : 0);
        decision.remaining.push_back(
            std::max<std::int64_t>(0, now + withdrawal.capacity - arrival) / withdrawal.interval);
    }
    return decision;
}

Instant possible_arrival(Instant arrival, const Withdrawal& withdrawal, Instant now) {
    const auto empty = now + withdrawal.capacity;
    return arrival > empty + clock_tolerance ? empty : std::max(arrival, now);
}

Instant forgettable_before(Instant now) {
    return now - clock_tolerance;
}

}  // namespace cairn::store
