#pragma once
// Private to the .cpp files of store.

#include <span>

#include "store/sqlite/connection.h"

namespace cairn::store {

/// The scripts that lead from one version of the schema to the next: the first makes version 1 of
/// an empty database. What was released is never edited; a change is a new script at the end.
[[nodiscard]] std::span<const char* const> migrations();

/// Brings the database to the version that `scripts` lead to, each step in a transaction.
/// Throws std::runtime_error if it belongs to another program or to a newer version of this one.
void migrate(Connection& connection, std::span<const char* const> scripts);

}  // namespace cairn::store
