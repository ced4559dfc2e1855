#include "va/egress_policy.h"

#include <algorithm>

#include "va/local_addresses.h"

namespace cairn::va {

namespace {

bool is_unspecified(const base::IpAddress& address) {
    return std::ranges::all_of(address.octets(), [](std::uint8_t octet) { return octet == 0; });
}

}  // namespace

EgressPolicy::EgressPolicy(std::vector<base::IpNetwork> allowed_networks,
                           std::vector<OwnListener> own)
    : allowed_networks_(std::move(allowed_networks)), own_(std::move(own)) {}

AddressSpace EgressPolicy::space_of(const base::IpAddress& address) const {
    if (base::is_public(address)) return AddressSpace::open;
    const bool is_granted = std::ranges::any_of(
        allowed_networks_, [&](const auto& network) { return network.contains(address); });
    return is_granted ? AddressSpace::granted : AddressSpace::closed;
}

AddressSpace EgressPolicy::space_of(const base::IpAddress& address, std::uint16_t port) const {
    if (is_own(address, port) && !is_named(address)) return AddressSpace::closed;
    return space_of(address);
}

bool EgressPolicy::is_own(const base::IpAddress& address, std::uint16_t port) const {
    return std::ranges::any_of(own_, [&](const OwnListener& listener) {
        if (listener.port != port) return false;
        return is_unspecified(listener.address) ? is_of_this_machine(address)
                                                : listener.address == address;
    });
}

bool EgressPolicy::is_named(const base::IpAddress& address) const {
    const auto alone = base::IpNetwork::from_text(address.to_string()).value().to_string();
    return std::ranges::any_of(allowed_networks_, [&](const base::IpNetwork& network) {
        return network.to_string() == alone;
    });
}

}  // namespace cairn::va
