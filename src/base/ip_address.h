#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn::base {

/// An IPv4 or IPv6 address, without zone or port.
class IpAddress {
  public:
    enum class Family { v4, v6 };

    /// Reads exactly the canonical text: four decimal octets without leading zeros (RFC 1123), or
    /// RFC 5952 section 4, so hexadecimal throughout. Anything that `to_string` would write
    /// differently is refused (RFC 8738 section 3).
    [[nodiscard]] static Result<IpAddress> from_text(std::string_view text);
    /// Reads any text that inet_pton takes; for configuration and DNS, not for identifiers.
    [[nodiscard]] static Result<IpAddress> from_lenient_text(std::string_view text);
    /// Reads 4 or 16 octets in network order, as an iPAddress of a SAN or an address record holds.
    [[nodiscard]] static Result<IpAddress> from_octets(BytesView octets);

    [[nodiscard]] Family family() const { return family_; }
    /// The 4 or 16 octets in network order; a view into this object.
    [[nodiscard]] BytesView octets() const {
        return {octets_.data(), family_ == Family::v4 ? 4U : 16U};
    }
    /// Canonical text: dotted quad or RFC 5952.
    [[nodiscard]] std::string to_string() const;
    /// As it stands in a URL or a Host header: IPv6 in brackets.
    [[nodiscard]] std::string to_url_host() const;
    /// The name under in-addr.arpa or ip6.arpa, without a final dot (RFC 8738 section 6).
    [[nodiscard]] std::string reverse_name() const;

    friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

  private:
    IpAddress() = default;
    Family family_ = Family::v4;
    std::array<std::uint8_t, 16> octets_{};
};

/// A range of addresses, "10.0.0.0/8" or a single address.
class IpNetwork {
  public:
    /// Refuses a base that has bits beyond the prefix: "10.0.0.1/8" is a mistake in either half.
    [[nodiscard]] static Result<IpNetwork> from_text(std::string_view text);
    [[nodiscard]] bool contains(const IpAddress& address) const;
    [[nodiscard]] std::string to_string() const;

  private:
    IpNetwork(IpAddress base, int prefix) : base_(base), prefix_(prefix) {}
    IpAddress base_;
    int prefix_ = 0;
};

/// False for every address in a block of the IANA special-purpose registries, whatever the block is
/// for (BR 1.6.1, "Reserved IP Address"): private, loopback, link-local, documentation, IPv6 forms
/// that embed an IPv4 address (mapped, 64:ff9b::/96, 6to4) and so on; for multicast; and for IPv6
/// outside 2000::/3, of which nothing else is allocated.
[[nodiscard]] bool is_public(const IpAddress& address);

}  // namespace cairn::base
