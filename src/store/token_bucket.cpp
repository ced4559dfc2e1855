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
constexpr std::size_t most_spends = 1000;
constexpr base::Seconds longest_period = std::chrono::days(3660);

void require(bool condition, const char* what) {
    if (!condition) throw std::invalid_argument(what);
}

}  // namespace

Instant instant_of(base::Time time) {
    return time.time_since_epoch().count() * second;
}

std::vector<Withdrawal> withdrawals_of(std::span<const ca::Spend> spends) {
    require(spends.size() <= most_spends, "too many buckets to spend from at once");
    std::vector<Withdrawal> withdrawals;
    std::set<std::string_view> names;
    for (const auto& spend : spends) {
        require(!spend.bucket.empty() && spend.bucket.size() <= longest_name,
                "a bucket's name must have 1 to 200 octets");
        require(names.insert(spend.bucket).second, "a bucket is named twice");
        require(spend.period >= base::Seconds(1) && spend.period <= longest_period,
                "a bucket's period must be from a second to ten years");
        const auto period = spend.period.count() * second;
        require(spend.capacity >= 1 && spend.capacity <= second,
                "a bucket's capacity must be from 1 to 10^9");
        require(spend.cost >= 1 && spend.cost <= spend.capacity,
                "a cost must be from 1 to the bucket's capacity");
        const auto interval = period / spend.capacity;
        withdrawals.push_back({.interval = interval,
                               .cost = interval * spend.cost,
                               .capacity = interval * spend.capacity});
    }
    return withdrawals;
}

ca::Spending spending_of(std::span<const Withdrawal> withdrawals, std::span<const Instant> arrivals,
                         Instant now) {
    ca::Spending spending{.accepted = true, .refused_by = {}, .retry_at = {}, .remaining = {}};
    Instant latest = 0;
    for (std::size_t i = 0; i < withdrawals.size(); ++i) {
        const auto& withdrawal = withdrawals[i];
        const auto enough_at = arrivals[i] + withdrawal.cost - withdrawal.capacity;
        if (enough_at <= now || enough_at <= latest) continue;
        latest = enough_at;
        spending.accepted = false;
        spending.refused_by = i;
        spending.retry_at = base::Time(base::Seconds((enough_at + second - 1) / second));
    }
    for (std::size_t i = 0; i < withdrawals.size(); ++i) {
        const auto& withdrawal = withdrawals[i];
        const auto arrival = arrivals[i] + (spending.accepted ? withdrawal.cost : 0);
        spending.remaining.push_back(
            std::max<std::int64_t>(0, now + withdrawal.capacity - arrival) / withdrawal.interval);
    }
    return spending;
}

Instant possible_arrival(Instant arrival, const Withdrawal& withdrawal, Instant now) {
    const auto empty = now + withdrawal.capacity;
    return arrival > empty + clock_tolerance ? empty : std::max(arrival, now);
}

Instant forgettable_before(Instant now) {
    return now - clock_tolerance;
}

}  // namespace cairn::store
