#pragma once
// Private to the .cpp files of store.

#include <libpq-fe.h>

#include "store/sqlite/connection.h"

namespace cairn::store {

/// Adds the key of the CSR to unfinished issuances that a version without this column has begun.
/// Idempotent; call it before the store is used.
void fill_in_intent_keys(Connection& connection);
/// The same in PostgreSQL, on a session whose `search_path` leads to the schema.
void fill_in_intent_keys(PGconn* session);

}  // namespace cairn::store
