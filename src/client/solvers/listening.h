#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/failure.h"

namespace cairn::client {

/// Where a solver with a server of its own listens.
struct Listening {
    /// "0.0.0.0:80"; this one must succeed.
    std::string address;
    /// "[::]:80"; this one is left out where there is no IPv6. Empty if an address was named.
    std::string ipv6_address;

    /// Reads "ADDR:PORT", IPv6 in brackets; empty text means `port` of every address.
    [[nodiscard]] static base::Result<Listening> from_text(std::string_view text,
                                                           std::uint16_t port);
    /// What was read: empty for every address.
    [[nodiscard]] std::string to_string() const;
};

/// The failure of a solver that cannot listen, because of `reason`.
[[nodiscard]] Failure cannot_listen(std::string_view address, std::string_view reason);

}  // namespace cairn::client
