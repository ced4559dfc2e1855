#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/task.h"
#include "crypto/key.h"
#include "net/http_message.h"

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

/// The TLS side of a server: TLS 1.2 or later, its certificate replaceable while it serves.
/// Thread-safe.
class TlsIdentity {
  public:
    TlsIdentity();
    ~TlsIdentity();
    /// New handshakes use this chain (PEM, leaf first) and key from now on.
    /// Throws std::runtime_error if they do not belong together.
    void replace(std::string_view chain_pem, const crypto::PrivateKey& key);
    struct State;
    [[nodiscard]] std::shared_ptr<State> state() const { return state_; }

  private:
    std::shared_ptr<State> state_;
};

/// A pool of event loops, one thread each; what runs on one loop never runs in parallel with itself.
class EventLoops {
  public:
    explicit EventLoops(std::size_t count);
    /// Stops and joins.
    ~EventLoops();
    EventLoops(const EventLoops&) = delete;
    EventLoops& operator=(const EventLoops&) = delete;
    [[nodiscard]] std::size_t count() const;
    [[nodiscard]] base::Executor executor(std::size_t index) const;
    /// The loops in turn.
    [[nodiscard]] base::Executor next();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// An HTTP/1.1 server. With a TLS identity its port speaks TLS, and answers plain HTTP on the same
/// port through `plain_handler` alone (issuers' certificates, which RFC 5280 wants over http);
/// without one it speaks plain HTTP.
class HttpServer {
  public:
    struct Options {
        std::vector<std::string> listen;  ///< "127.0.0.1:14000", "[::1]:14000", port 0: any
        HttpLimits limits;
        std::shared_ptr<TlsIdentity> tls;  ///< none: plain HTTP, `handler` serves it
        HttpHandler handler;
        HttpHandler plain_handler;
        bool access_log = true;
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
