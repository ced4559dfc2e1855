#pragma once

#include <cstddef>
#include <memory>

#include "base/task.h"
#include "http/exchange.h"

namespace cairn::http {

/// An HTTPS client on an event loop. TLS is verified unless its options say otherwise; redirects
/// are followed only as far as they say. It keeps connections for the next request to the same
/// origin, speaks HTTP/2 with servers that offer it, and goes through the proxy that the
/// environment names, if any (https_proxy, no_proxy).
///
/// Thread-safe. Its work is done on one executor, which runs one handler at a time.
class AsyncClient {
  public:
    /// Bounds on what it holds.
    struct Pool {
        /// Requests to one origin at a time, and so its connections, those at rest included;
        /// further ones wait.
        std::size_t requests_per_origin = 16;
        /// Connections at rest, to all origins together.
        std::size_t idle_connections = 32;
        /// Requests under way, those that wait included.
        std::size_t requests = 1024;
    };
    /// The executor's event loop outlives it. Throws std::runtime_error if libcurl fails to start.
    AsyncClient(base::Executor executor, ClientOptions options, Pool pool);
    AsyncClient(base::Executor executor, ClientOptions options);
    /// Requests that are under way end with an error (closed).
    ~AsyncClient();
    AsyncClient(const AsyncClient&) = delete;
    AsyncClient& operator=(const AsyncClient&) = delete;

    /// One exchange, within the bounds of the options. May be awaited on any executor that runs one
    /// handler at a time. Throws boost::system::system_error (operation_aborted) if the task is
    /// cancelled; the connection is then closed.
    [[nodiscard]] base::Task<ExchangeResult> exchange(ClientRequest request);

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace cairn::http
