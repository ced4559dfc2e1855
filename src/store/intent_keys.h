#pragma once
// Private to the .cpp files of store.

#include <libpq-fe.h>

#include "store/sqlite/connection.h"

namespace cairn::store {

/// Gives the issuances that have begun and not ended the keys of their CSRs, where they have none:
/// a version of this program without this column began them. Idempotent; to be called
/// before the store is used.
void fill_in_intent_keys(Connection& connection);
/// The same in PostgreSQL, on a session whose `search_path` leads to the schema.
void fill_in_intent_keys(PGconn* session);

}  // namespace cairn::store
