#pragma once

#include <cstdint>
#include <vector>

#include "base/ip_address.h"

namespace cairn::va {

/// Who may be validated at an address.
enum class AddressSpace {
    open,     ///< public: anybody
    granted,  ///< only where the operator allows it
    closed,   ///< nobody
};

/// Where the CA itself, or the perspective, takes connections.
struct OwnListener {
    /// All zeros: every address of this machine.
    base::IpAddress address;
    std::uint16_t port;
};

/// Where validation may connect to, decided in this one place: public addresses, and those that the
/// operator allows in addition (RFC 8555 section 10.4). Not public is every block of the
/// special-purpose registries, as base::is_public: loopback, link-local with the metadata of
/// clouds, private and shared space, documentation, benchmarking, multicast, and all forms of IPv6
/// that hold an address of IPv4 (mapped, NAT64, 6to4, Teredo), which are allowed by a network of
/// IPv6 alone. What listens for the CA itself is refused even there, unless its very address is
/// allowed, as one address: who may be validated at 10.0.0.0/8 does not thereby speak to the CA's
/// own ports.
class EgressPolicy {
  public:
    EgressPolicy(std::vector<base::IpNetwork> allowed_networks, std::vector<OwnListener> own = {});
    /// What space the address is in, whatever the port.
    [[nodiscard]] AddressSpace space_of(const base::IpAddress& address) const;
    /// The same for a connection to this port.
    [[nodiscard]] AddressSpace space_of(const base::IpAddress& address, std::uint16_t port) const;
    [[nodiscard]] bool allows(const base::IpAddress& address) const {
        return space_of(address) != AddressSpace::closed;
    }

  private:
    [[nodiscard]] bool is_own(const base::IpAddress& address, std::uint16_t port) const;
    [[nodiscard]] bool is_named(const base::IpAddress& address) const;

    std::vector<base::IpNetwork> allowed_networks_;
    std::vector<OwnListener> own_;
};

}  // namespace cairn::va
