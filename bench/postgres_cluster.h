#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "bench/child.h"
#include "bench/sync_counter.h"

namespace cairn::bench {

/// A PostgreSQL of our own with Debian's defaults, fsync on, on a free port of the loopback.
class PostgresCluster {
  public:
    /// Makes it in a folder below `parent` and starts it. As root it runs as the user postgres.
    /// Throws std::runtime_error if PostgreSQL is not installed or does not start.
    /// `syncs` counts its durable writes too.
    PostgresCluster(const std::filesystem::path& parent, const SyncCounter& syncs);

    /// "postgresql://cairn@127.0.0.1:port/cairn".
    [[nodiscard]] std::string url() const;
    /// Of all of its processes.
    [[nodiscard]] ProcessUsage usage() const { return usage_of_family(server_->id()); }

  private:
    unsigned port_;
    std::unique_ptr<Child> server_;
};

/// The folder of the newest PostgreSQL's programs. Throws std::runtime_error if there is none.
[[nodiscard]] std::filesystem::path postgres_programs();

}  // namespace cairn::bench
