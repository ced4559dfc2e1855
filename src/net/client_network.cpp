#include "net/client_network.h"

#include <algorithm>
#include <array>

namespace cairn::net {

using base::IpAddress;

IpAddress unmapped(const IpAddress& address) {
    static constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const auto octets = address.octets();
    if (octets.size() != 16 || !std::ranges::equal(octets.first(mapped.size()), mapped))
        return address;
    return *IpAddress::from_octets(octets.subspan(mapped.size()));
}

IpAddress client_network(const IpAddress& address) {
    const auto plain = unmapped(address);
    if (plain.family() == IpAddress::Family::v4) return plain;
    std::array<std::uint8_t, 16> network{};
    std::ranges::copy(plain.octets().first(8), network.begin());
    return *IpAddress::from_octets(network);
}

}  // namespace cairn::net
