#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/log.h"
#include "ca/ports/observer.h"
#include "ca/ports/repository.h"

namespace cairn::store {

struct SqliteOptions {
    std::string path;
    /// Most writing calls that may wait; beyond, a call throws StoreUnavailable.
    std::size_t queue_limit = 20000;
    /// Objects of each kind that are kept in memory. An account takes some 4 KiB, because of its
    /// key, an order half of that.
    std::size_t cached_objects = 4096;
};

/// The embedded store: SQLite in WAL mode with full durability. Calls that write and arrive
/// together share one transaction (group commit) on a thread of its own, and none returns before it
/// is on disk; calls that read never wait for it.
///
/// Creates the file (0600) and its schema, or migrates an older schema forward. Throws
/// std::runtime_error, saying which file and why, if it cannot be opened, was made by a newer
/// version, or is in use by another process.
[[nodiscard]] std::unique_ptr<ca::Repository> open_sqlite_store(
    const SqliteOptions& options, base::Log& log, ca::Observer& observer = ca::deaf_observer());

}  // namespace cairn::store
