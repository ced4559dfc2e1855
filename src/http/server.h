#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/log.h"
#include "base/task.h"
#include "http/message.h"
#include "http/observer.h"
#include "net/event_loops.h"
#include "net/tls_identity.h"

namespace cairn::http {

/// Makes the response for one request. What it throws is logged with the request's id and answered
/// 500 without detail.
using Handler = std::function<base::Task<Response>(Request)>;

/// Makes the response to a request that no handler answers: it was not understood, or its handler
/// threw. `understood` is what is known of it: whether it came over TLS, and its method and target
/// unless they are empty. The connection is closed after it, unless the handler threw.
using Refuser = std::function<Response(const Request& understood, const Refusal& refusal)>;

struct Limits {
    std::size_t body = 65536;
    /// Of a request over plain http on a port with TLS.
    std::size_t plain_body = 0;
    std::size_t header = 16384;
    /// From the first octet of a request to its last; also for the TLS handshake.
    base::Milliseconds request_deadline{10000};
    /// Between requests on a kept connection.
    base::Milliseconds idle{60000};
    base::Milliseconds write_deadline{30000};
    /// For so long the rest of a request, or the peer's part of a handshake, is waited for without
    /// counting as idle.
    base::Milliseconds prompt{2000};
    std::size_t connections = 12000;
    /// Connections of one client: an IPv4 address, or the /64 of an IPv6 address.
    std::size_t connections_per_client = 1000;
    /// Memory that connections hold, in octets, by a generous estimate.
    std::size_t octets = std::size_t{512} << 20U;
    std::size_t octets_per_client = std::size_t{64} << 20U;
};

/// An HTTP/1.1 server. With a TLS identity its port speaks TLS, and answers plain HTTP on the same
/// port through `plain_handler` alone (issuers' certificates, which RFC 5280 wants over http),
/// where no request has a body; without one it speaks plain HTTP.
///
/// Where the bounds on connections or memory are reached, the connection that has waited longest
/// for its peer gives way to the new one; one whose request is being answered does not.
///
/// A trusted proxy that passes TLS on names the client by version 2 of the PROXY protocol, without
/// which its connections are closed. On connections without TLS it may do so, or name the client of
/// each request by X-Forwarded-For. From anyone else such a header ends the connection.
class Server {
  public:
    struct Options {
        /// "127.0.0.1:14000", "[::1]:14000", port 0: any. An IPv6 address takes IPv6 alone.
        std::vector<std::string> listen;
        /// A socket in the file system to listen on as well, for the owner of this process and
        /// root alone; none if empty. Its requests name their user.
        std::string local_path{};
        Limits limits;
        std::shared_ptr<net::TlsIdentity> tls;  ///< none: plain HTTP, `handler` serves it
        Handler handler;
        Handler plain_handler;
        Refuser refuser;  ///< none: a problem document and no more
        bool access_log = true;
        /// Proxies that are believed.
        std::vector<base::IpNetwork> trusted_proxies;
        /// Outlives the server.
        Observer* observer = &deaf_observer();
    };
    /// Binds; throws std::runtime_error naming the address or the path if that fails.
    Server(net::EventLoops& loops, base::Log& log, Options options);
    ~Server();
    /// The addresses that are bound, with real ports.
    [[nodiscard]] std::vector<std::string> addresses() const;
    /// Starts accepting.
    void start();
    /// Stops accepting, lets the requests under way finish for `patience`, then closes the rest.
    void stop(base::Milliseconds patience);

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace cairn::http
