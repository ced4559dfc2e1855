#include "net/host_addresses.h"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>
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

using Addresses = base::Result<std::vector<base::IpAddress>>;

/// As long as the system's resolver takes.
Addresses look_up(const std::string& host) {
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

/// What a thread that may outlive its caller finds.
struct Lookup {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Addresses> found;
};

}  // namespace

Addresses addresses_of_host(const std::string& host, std::chrono::milliseconds patience) {
    if (const auto address = base::IpAddress::from_lenient_text(host)) return std::vector{*address};
    const auto lookup = std::make_shared<Lookup>();
    try {
        // Nothing ends getaddrinfo(): a thread that comes too late is left to itself.
        std::thread([lookup, host] {
            auto found = look_up(host);
            const std::scoped_lock lock(lookup->mutex);
            lookup->found = std::move(found);
            lookup->changed.notify_all();
        }).detach();
    } catch (const std::system_error& error) {
        return base::fail(error.what());
    }
    std::unique_lock lock(lookup->mutex);
    if (!lookup->changed.wait_for(lock, patience, [&] { return lookup->found.has_value(); }))
        return base::fail(fmt::format("the resolvers of this machine have not answered within {} s",
                                      std::chrono::ceil<std::chrono::seconds>(patience).count()));
    return std::move(*lookup->found);
}

}  // namespace cairn::net
