#pragma once
// Private to va: the sockets of validation.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/beast/core/tcp_stream.hpp>

#include "base/ip_address.h"
#include "base/task.h"
#include "dns/resolver.h"
#include "va/egress_policy.h"
#include "va/lookup.h"
#include "va/validation.h"

namespace cairn::va {

/// An open connection; every further wait on it ends by the deadline of the attempt.
struct Connection {
    boost::beast::tcp_stream stream;
    std::string peer;  ///< "192.0.2.1:80", "[2001:db8::1]:80"
    base::IpAddress address;
    AddressSpace space;
};

/// Which addresses beyond the public ones a connection may use, of those that the egress policy
/// grants.
class Reach {
  public:
    /// All of them: for the name that is validated.
    [[nodiscard]] static Reach of_validated_name() { return {Granted::all, std::nullopt}; }
    /// For the target of a redirect: `address` only, if there is one.
    [[nodiscard]] static Reach of_redirect(std::optional<base::IpAddress> address) {
        return {Granted::one, address};
    }
    [[nodiscard]] bool is_redirect() const { return granted_ == Granted::one; }
    [[nodiscard]] bool covers(const base::IpAddress& address, AddressSpace space) const {
        if (space != AddressSpace::granted) return space == AddressSpace::open;
        return granted_ == Granted::all || address == one_;
    }

  private:
    enum class Granted { all, one };
    Reach(Granted granted, std::optional<base::IpAddress> one) : granted_(granted), one_(one) {}
    Granted granted_;
    std::optional<base::IpAddress> one_;
};

/// Opens the connections of one attempt. Each connection resolves its name again and dials exactly
/// the address that the egress policy has judged, so that a name that changes its addresses gains
/// nothing (RFC 8555 section 10.4).
class Dialer {
  public:
    /// `resolver` and `egress` must outlive the dialer.
    Dialer(dns::Resolver& resolver, const EgressPolicy& egress, Deadline deadline)
        : resolver_(resolver), egress_(egress), deadline_(deadline) {}

    /// Connects to one of the addresses of `name` within `reach`: IPv6 first, then IPv4 if that
    /// failed. A failure is of type dns if no address was found, otherwise of type connection.
    /// After a redirect it tells neither which of the two it was nor what was found. Throws
    /// base::Shortage if this process lacked what a connection needs.
    [[nodiscard]] base::Task<OrFailure<Connection>> connect(std::string name, std::uint16_t port,
                                                            Reach reach);
    /// Connects to `address` if it is within `reach`; no DNS is involved.
    [[nodiscard]] base::Task<OrFailure<Connection>> connect(base::IpAddress address,
                                                            std::uint16_t port, Reach reach);

    /// The queries and connections so far.
    [[nodiscard]] const Evidence& evidence() const { return evidence_; }

  private:
    struct Addresses {
        std::vector<base::IpAddress> list;
        /// Whether they belong to another name, which may be one that only we can look up.
        bool is_alias = false;
    };
    base::Task<OrFailure<Addresses>> addresses_of(const std::string& name);
    base::Task<OrFailure<Connection>> connect_to_any(Addresses addresses, std::uint16_t port,
                                                     Reach reach);

    dns::Resolver& resolver_;
    const EgressPolicy& egress_;
    Deadline deadline_;
    Evidence evidence_;
};

/// Throws base::Shortage if the error, on an open connection, means that the CA itself lacks
/// something.
void throw_shortage(const boost::system::error_code& error);

/// `error` in words: "timed out" if the deadline had come. Throws boost::system::system_error if
/// the error says that the task was cancelled, because that is no finding about the peer.
[[nodiscard]] std::string describe(const boost::system::error_code& error);

}  // namespace cairn::va
