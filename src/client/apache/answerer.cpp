#include "client/apache/answerer.h"

#include <algorithm>
#include <optional>
#include <ranges>

#include "net/ascii.h"

namespace cairn::client::apache {
namespace {

/// A place where connections come in: an address of the machine, or any that no other has.
using Place = std::optional<base::IpAddress>;

base::IpAddress loopback() {
    return base::IpAddress::from_lenient_text("127.0.0.1").value();
}

/// The virtual hosts of which httpd considers the names for a connection there, in order.
std::vector<const VirtualHost*> candidates(const Configuration& configuration, const Place& place,
                                           std::uint16_t port) {
    std::vector<HostAddress> wanted;
    if (place) {
        wanted.push_back({.address = place, .port = port});
        wanted.push_back({.address = place});
    }
    wanted.push_back({.port = port});
    wanted.push_back({});
    for (const auto& address : wanted) {
        std::vector<const VirtualHost*> found;
        for (const auto& host : configuration.hosts())
            if (std::ranges::find(host.addresses, address) != host.addresses.end())
                found.push_back(&host);
        if (!found.empty()) return found;
    }
    return {};
}

/// Where connections to this port can come in that are told apart.
std::vector<Place> places(const Configuration& configuration, std::uint16_t port) {
    std::vector<Place> places;
    const auto add = [&](const Place& place) {
        if (std::ranges::find(places, place) == places.end()) places.push_back(place);
    };
    for (const auto& listener : configuration.listeners()) {
        if (listener.address.port != port) continue;
        if (listener.address.address) {
            add(listener.address.address);
            continue;
        }
        add(std::nullopt);
        for (const auto& host : configuration.hosts())
            for (const auto& address : host.addresses)
                if (address.address && (!address.port || address.port == port))
                    add(address.address);
    }
    return places;
}

}  // namespace

std::vector<Answerer> answerers(const Configuration& configuration, std::string_view name,
                                std::uint16_t port) {
    const auto wanted = net::ascii_lower(name);
    std::vector<Answerer> answerers;
    for (const auto& place : places(configuration, port)) {
        Answerer answerer{.reached_at = {place.value_or(loopback()), port}};
        const auto hosts = candidates(configuration, place, port);
        const auto named = std::ranges::find_if(
            hosts, [&](const VirtualHost* host) { return host->claims(wanted); });
        answerer.has_name = named != hosts.end();
        if (answerer.has_name)
            answerer.host = *named;
        else if (!hosts.empty())
            answerer.host = hosts.front();
        answerers.push_back(answerer);
    }
    return answerers;
}

bool listens_at(const Configuration& configuration, std::uint16_t port) {
    return std::ranges::any_of(configuration.listeners(),
                               [&](const auto& each) { return each.address.port == port; });
}

}  // namespace cairn::client::apache
