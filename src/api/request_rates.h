#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/request_kind.h"
#include "base/enum_table.h"
#include "base/ip_address.h"
#include "ca/rules/request_limits.h"

namespace cairn::api {

/// With which others requests of this kind are counted.
[[nodiscard]] ca::RequestGroup group_of(RequestKind kind);

/// Counts the requests of each client, an IPv4 address or the /64 of an IPv6 address, in memory
/// that does not grow: where there is no room for a client more, the one that has asked least is
/// forgotten. Thread-safe.
class RequestRates {
  public:
    using Moment = std::chrono::steady_clock::time_point;

    explicit RequestRates(const ca::RequestLimits& limits);

    /// Counts a request. How long its client has to wait if it is one too many; nothing is counted
    /// then.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> refusal(ca::RequestGroup group,
                                                                  const base::IpAddress& client,
                                                                  Moment now);

  private:
    static constexpr std::size_t ways = 4, sets_per_shard = 256, shards = 32;
    /// A client and group, and when all that it may do at once is there again.
    struct Entry {
        std::uint64_t key = 0;
        std::int64_t full_at = 0;
    };
    struct Shard {
        std::mutex mutex;
        std::array<Entry, ways * sets_per_shard> entries{};
    };
    struct Pace {
        std::int64_t interval, room;
    };
    [[nodiscard]] std::uint64_t key_of(ca::RequestGroup group, const base::IpAddress& client) const;

    std::array<std::optional<Pace>, base::enumerators<ca::RequestGroup>.size()> paces_{};
    std::string salt_;
    std::vector<Shard> shards_;
};

}  // namespace cairn::api
