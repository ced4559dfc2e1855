#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/task.h"
#include "net/event_loops.h"
#include "net/http_message.h"
#include "net/http_observer.h"
#include "net/tls_identity.h"

namespace cairn::net {

/// Makes the response for one request. What it throws is logged with the request's id and answered
/// 500 without detail, as a problem document.
using HttpHandler = std::function<base::Task<HttpResponse>(HttpRequest)>;

struct HttpLimits {
    std::size_t body = 65536;
    std::size_t header = 16384;
    /// From the first octet of a request to its last; also for the TLS handshake.
    base::Milliseconds request_deadline{10000};
    /// Between requests on a kept connection.
    base::Milliseconds idle{60000};
    base::Milliseconds write_deadline{30000};
    std::size_t connections = 12000;
};

/// An HTTP/1.1 server. With a TLS identity its port speaks TLS, and answers plain HTTP on the same
/// port through `plain_handler` alone (issuers' certificates, which RFC 5280 wants over http);
/// without one it speaks plain HTTP.
class HttpServer {
  public:
    struct Options {
        /// "127.0.0.1:14000", "[::1]:14000", port 0: any. An IPv6 address takes IPv6 alone.
        std::vector<std::string> listen;
        HttpLimits limits;
        std::shared_ptr<TlsIdentity> tls;  ///< none: plain HTTP, `handler` serves it
        HttpHandler handler;
        HttpHandler plain_handler;
        bool access_log = true;
        /// Outlives the server.
        HttpObserver* observer = &deaf_http_observer();
    };
    /// Binds; throws std::runtime_error naming the address if that fails.
    HttpServer(EventLoops& loops, base::Log& log, Options options);
    ~HttpServer();
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

}  // namespace cairn::net
