#include "api/request_rates.h"

#include <algorithm>
#include <functional>
#include <random>

#include "base/bytes.h"
#include "net/client_network.h"

namespace cairn::api {

using ca::RequestGroup;

namespace {

std::string random_salt() {
    std::random_device device;
    std::string salt;
    for (int i = 0; i < 4; ++i) salt += std::to_string(device());
    return salt;
}

}  // namespace

RequestGroup group_of(RequestKind kind) {
    switch (kind) {
        case RequestKind::directory:
            return RequestGroup::directory;
        case RequestKind::new_nonce:
            return RequestGroup::new_nonce;
        case RequestKind::new_account:
            return RequestGroup::new_account;
        case RequestKind::new_order:
            return RequestGroup::new_order;
        case RequestKind::revoke_certificate:
            return RequestGroup::revoke_cert;
        case RequestKind::renewal_info:
            return RequestGroup::renewal_info;
        default:
            return RequestGroup::other;
    }
}

RequestRates::RequestRates(const ca::RequestLimits& limits)
    : salt_(random_salt()), shards_(shards) {
    using std::chrono::nanoseconds;
    for (const auto group : base::enumerators<RequestGroup>) {
        const auto& limit = limits[group];
        if (!limit) continue;
        const auto interval = nanoseconds(limit->rate.period).count() / limit->rate.count;
        const auto burst = limit->burst == 0 ? limit->rate.count : limit->burst;
        paces_.at(base::position_of(group)) = {std::max<std::int64_t>(1, interval),
                                               std::max<std::int64_t>(1, interval) * burst};
    }
}

std::uint64_t RequestRates::key_of(RequestGroup group, const base::IpAddress& client) const {
    // The salt is secret, so nobody can choose addresses that meet in one place.
    std::string text = salt_;
    text += static_cast<char>(base::position_of(group));
    const auto network = net::client_network(client);
    text += base::text_of(network.octets());
    return std::uint64_t{std::hash<std::string>()(text)} | 1U;  // 0 is no client
}

std::optional<std::chrono::nanoseconds> RequestRates::refusal(RequestGroup group,
                                                              const base::IpAddress& client,
                                                              Moment now) {
    const auto& pace = paces_.at(base::position_of(group));
    if (!pace) return std::nullopt;
    const auto present = std::chrono::nanoseconds(now.time_since_epoch()).count();
    const auto key = key_of(group, client);
    auto& shard = shards_[(key >> 56U) % shards];
    const std::scoped_lock lock(shard.mutex);
    const auto set = ((key >> 8U) % sets_per_shard) * ways;
    auto* const first = shard.entries.data() + set;
    auto* entry = std::find_if(first, first + ways, [&](const Entry& e) { return e.key == key; });
    if (entry == first + ways) {
        entry = std::min_element(first, first + ways, [](const Entry& one, const Entry& other) {
            return one.full_at < other.full_at;
        });
        *entry = {key, present};
    }
    const auto full_at = std::max(entry->full_at, present) + pace->interval;
    if (full_at > present + pace->room)
        return std::chrono::nanoseconds(full_at - present - pace->room);
    entry->full_at = full_at;
    return std::nullopt;
}

}  // namespace cairn::api
