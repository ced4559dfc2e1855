#pragma once
// Private to the .cpp files of store.

#include <map>
#include <string>

#include "store/postgres_connection.h"

namespace cairn::store {

/// How sessions of this program with one database are opened.
class PostgresSessions {
  public:
    /// Reads `url`. Throws std::runtime_error, without its password, if libpq cannot read it.
    PostgresSessions(const std::string& url, const std::string& schema);

    /// Opens one; blocks. Throws std::runtime_error saying what libpq said.
    [[nodiscard]] PostgresHandle open() const;
    [[nodiscard]] const std::string& schema() const { return schema_; }

  private:
    std::map<std::string, std::string> parameters_;
    std::string schema_;
};

/// Runs statements without parameters on a session that nobody else uses; blocks. Throws
/// std::runtime_error with the database's message.
Answer run_script(PGconn* session, const std::string& script);

}  // namespace cairn::store
