#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "base/result.h"

namespace cairn::net {

/// An address and a port, as configuration names them: "127.0.0.1:53", "[::1]:53".
struct SocketAddress {
    base::IpAddress address;
    std::uint16_t port = 0;

    /// Reads "address:port", IPv6 in brackets. With `default_port`, also an address alone, IPv6
    /// with or without brackets.
    [[nodiscard]] static base::Result<SocketAddress> from_text(
        std::string_view text, std::optional<std::uint16_t> default_port = std::nullopt);
    /// "address:port", IPv6 in brackets.
    [[nodiscard]] std::string to_string() const;
};

}  // namespace cairn::net
