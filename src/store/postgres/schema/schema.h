#pragma once
// Private to the .cpp files of store.

#include <cstddef>
#include <span>
#include <string>

#include <libpq-fe.h>

namespace cairn::store {

/// The scripts that lead from one version of PostgreSQL's schema to the next, as `migrations` does
/// for SQLite.
[[nodiscard]] std::span<const char* const> postgres_migrations();

/// Brings the schema to the version that `scripts` lead to, each step in a transaction; makes it if
/// it is not there. Nodes that start at once take turns. Throws std::runtime_error if it belongs to
/// another program or to a newer version of this one.
void migrate(PGconn* session, const std::string& schema, std::span<const char* const> scripts);

/// The version of this schema in the database; 0: there is none. Throws std::runtime_error if it
/// belongs to another program.
[[nodiscard]] std::size_t schema_version(PGconn* session, const std::string& schema);

}  // namespace cairn::store
