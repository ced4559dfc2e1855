#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "http/client.h"

namespace cairn::client {

/// The connections of a run to one CA, of which each serves one thread at a time. Thread-safe.
class ConnectionPool {
  public:
    explicit ConnectionPool(http::ClientOptions options) : options_(std::move(options)) {}
    ConnectionPool(const ConnectionPool&) = delete;
    ConnectionPool& operator=(const ConnectionPool&) = delete;

    /// A connection that is one thread's until it is destroyed.
    class Lease {
      public:
        Lease(ConnectionPool& pool, std::unique_ptr<http::Client> client)
            : pool_(pool), client_(std::move(client)) {}
        ~Lease() { pool_.give_back(std::move(client_)); }
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        [[nodiscard]] http::Client& client() const { return *client_; }

      private:
        ConnectionPool& pool_;
        std::unique_ptr<http::Client> client_;
    };

    /// The connection that was used last, if one is idle, else a new one. Throws std::runtime_error
    /// if none can be made.
    [[nodiscard]] Lease take();

  private:
    void give_back(std::unique_ptr<http::Client> client) noexcept;

    const http::ClientOptions options_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<http::Client>> idle_;
    std::size_t made_ = 0;
};

}  // namespace cairn::client
