#pragma once
// Private to va: the sockets of validation.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/beast/core/tcp_stream.hpp>

#include "base/ip_address.h"
#include "base/task.h"
#include "net/resolver.h"
#include "protocol/problem.h"
#include "va/egress_policy.h"
#include "va/lookup.h"

namespace cairn::va {

/// An open connection, every further wait on which ends by the attempt's deadline.
struct Connection {
    boost::beast::tcp_stream stream;
    std::string peer;  ///< "192.0.2.1:80", "[2001:db8::1]:80"
};

/// Opens the connections of one attempt. Each name is resolved anew for each connection, and the
/// address that the egress policy has judged is the one that is dialled, so that a name which
/// changes its addresses meanwhile gains nothing (RFC 8555 section 10.4).
class Dialer {
  public:
    /// `resolver` and `egress` must outlive the dialer.
    Dialer(net::Resolver& resolver, const EgressPolicy& egress, Deadline deadline)
        : resolver_(resolver), egress_(egress), deadline_(deadline) {}

    /// Connects to one of the allowed addresses of `name`: IPv6 first, IPv4 only where connecting
    /// failed. A problem is of type dns if no address was found, otherwise of type connection.
    [[nodiscard]] base::Task<protocol::OrProblem<Connection>> connect(std::string name,
                                                                      std::uint16_t port);
    /// Connects to `address` if it is allowed; no DNS is involved.
    [[nodiscard]] base::Task<protocol::OrProblem<Connection>> connect(base::IpAddress address,
                                                                      std::uint16_t port);

    /// The queries and connections so far, for Evidence.
    [[nodiscard]] const std::vector<std::string>& steps() const { return steps_; }

  private:
    using Addresses = std::vector<base::IpAddress>;
    base::Task<protocol::OrProblem<Addresses>> addresses_of(const std::string& name);
    base::Task<protocol::OrProblem<Connection>> connect_to_any(Addresses addresses,
                                                               std::uint16_t port);

    net::Resolver& resolver_;
    const EgressPolicy& egress_;
    Deadline deadline_;
    std::vector<std::string> steps_;
};

/// `error` in words: "timed out" for what ran into the deadline.
/// Throws boost::system::system_error if the error says that the task was cancelled, because that
/// is no finding about the peer.
[[nodiscard]] std::string describe(const boost::system::error_code& error);

}  // namespace cairn::va
