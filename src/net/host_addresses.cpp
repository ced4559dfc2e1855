#include "net/host_addresses.h"

#include <algorithm>
#include <memory>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace cairn::net {
namespace {

constexpr std::size_t max_addresses = 16;

base::Result<base::IpAddress> address_in(const addrinfo& info) {
    if (info.ai_family == AF_INET) {
        const auto* socket = reinterpret_cast<const sockaddr_in*>(info.ai_addr);
        const auto* octets = reinterpret_cast<const std::uint8_t*>(&socket->sin_addr);
        return base::IpAddress::from_octets({octets, sizeof socket->sin_addr});
    }
    const auto* socket = reinterpret_cast<const sockaddr_in6*>(info.ai_addr);
    const auto* octets = reinterpret_cast<const std::uint8_t*>(&socket->sin6_addr);
    return base::IpAddress::from_octets({octets, sizeof socket->sin6_addr});
}

}  // namespace

base::Result<std::vector<base::IpAddress>> addresses_of_host(const std::string& host) {
    if (const auto address = base::IpAddress::from_lenient_text(host)) return std::vector{*address};
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
    if (error != 0) return base::fail(::gai_strerror(error));
    std::vector<base::IpAddress> addresses;
    for (const auto* each = found; each != nullptr && addresses.size() < max_addresses;
         each = each->ai_next) {
        if (each->ai_family != AF_INET && each->ai_family != AF_INET6) continue;
        const auto address = address_in(*each);
        if (address && std::ranges::find(addresses, *address) == addresses.end())
            addresses.push_back(*address);
    }
    if (addresses.empty()) return base::fail("it has no address");
    return addresses;
}

}  // namespace cairn::net
