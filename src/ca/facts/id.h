#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/base64url.h"
#include "base/bytes.h"
#include "base/result.h"
#include "crypto/random.h"

namespace cairn::ca {

/// The id of a stored object: 6 octets of milliseconds since 1970 and 10 random octets, so that ids
/// do not collide, new rows of a store are close together, and no counter is shared. In URLs it is
/// 22 characters of base64url. `Kind` keeps ids of different objects apart.
template <class Kind>
class Id {
  public:
    static constexpr std::size_t size = 16;

    [[nodiscard]] static Id fresh(std::chrono::sys_time<std::chrono::milliseconds> now,
                                  crypto::Random& random) {
        Id id;
        auto milliseconds = static_cast<std::uint64_t>(now.time_since_epoch().count());
        for (std::size_t i = 0; i < 6; ++i)
            id.octets_[i] = static_cast<std::uint8_t>(milliseconds >> (40 - 8 * i));
        random.fill(std::span(id.octets_).subspan(6));
        return id;
    }
    [[nodiscard]] static base::Result<Id> from_text(std::string_view text) {
        auto octets = base::from_base64url(text);
        if (!octets) return base::fail("id is not base64url");
        return from_octets(*octets);
    }
    [[nodiscard]] static base::Result<Id> from_octets(base::BytesView octets) {
        if (octets.size() != size) return base::fail("id is not 16 octets long");
        Id id;
        std::ranges::copy(octets, id.octets_.begin());
        return id;
    }
    [[nodiscard]] std::string to_string() const { return base::base64url(octets_); }
    [[nodiscard]] base::BytesView octets() const { return octets_; }
    friend auto operator<=>(const Id&, const Id&) = default;

  private:
    Id() = default;
    std::array<std::uint8_t, size> octets_{};
};

using AccountId = Id<struct AccountKind>;
using OrderId = Id<struct OrderKind>;
using AuthorizationId = Id<struct AuthorizationKind>;

}  // namespace cairn::ca
