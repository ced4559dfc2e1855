#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "base/result.h"

namespace cairn::http {

/// The header with which a load balancer begins a connection that it passes on: version 2 of the
/// PROXY protocol (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt, section 2.2).
class ProxyHeader {
  public:
    /// So many octets come first, and say how many follow.
    static constexpr std::size_t fixed_size = 16;
    /// So many may follow: addresses, and what else the proxy has to say. HAProxy sends at most a
    /// few hundred.
    static constexpr std::size_t longest_rest = 2048;

    /// What the first octets of a connection can be.
    enum class Beginning { no_header, version_1, version_2 };
    [[nodiscard]] static Beginning beginning_of(std::string_view octets);
    /// How many octets follow the fixed ones.
    [[nodiscard]] static base::Result<std::size_t> size_of_rest(base::BytesView fixed);
    /// Reads a whole header.
    [[nodiscard]] static base::Result<ProxyHeader> from_octets(base::BytesView octets);

    /// The address of the client; none if the connection is the proxy's own (LOCAL, as for health
    /// checks), or does not know it (UNSPEC). An IPv4 address within IPv6 is given as the former.
    [[nodiscard]] const std::optional<base::IpAddress>& client() const { return client_; }

  private:
    ProxyHeader() = default;
    std::optional<base::IpAddress> client_;
};

}  // namespace cairn::http
