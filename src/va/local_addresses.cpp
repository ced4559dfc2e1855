#include "va/local_addresses.h"

#include <cstring>
#include <memory>
#include <optional>

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace cairn::va {

namespace {

using Interfaces = std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)>;

// Null if there are no descriptors for it.
Interfaces interfaces() {
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) first = nullptr;
    return {first, &::freeifaddrs};
}

std::optional<base::IpAddress> address_of(const sockaddr* address) {
    if (address == nullptr) return std::nullopt;
    base::Bytes octets;
    if (address->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, address, sizeof v4);
        octets.resize(sizeof v4.sin_addr);
        std::memcpy(octets.data(), &v4.sin_addr, octets.size());
    } else if (address->sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, address, sizeof v6);
        octets.resize(sizeof v6.sin6_addr);
        std::memcpy(octets.data(), &v6.sin6_addr, octets.size());
    }
    const auto read = base::IpAddress::from_octets(octets);
    return read ? std::optional(*read) : std::nullopt;
}

}  // namespace

bool has_ipv6() {
    const auto list = interfaces();
    if (!list) return true;
    for (const auto* entry = list.get(); entry != nullptr; entry = entry->ifa_next)
        if (entry->ifa_addr != nullptr && entry->ifa_addr->sa_family == AF_INET6) return true;
    return false;
}

bool is_of_this_machine(const base::IpAddress& address) {
    constexpr std::uint8_t loopback = 127;
    if (address.family() == base::IpAddress::Family::v4 && address.octets().front() == loopback)
        return true;
    const auto list = interfaces();
    if (!list) return true;
    for (const auto* entry = list.get(); entry != nullptr; entry = entry->ifa_next)
        if (address_of(entry->ifa_addr) == address) return true;
    return false;
}

}  // namespace cairn::va
