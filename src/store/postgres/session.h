#pragma once
// Private to the .cpp files of store.

#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include "store/postgres/connection.h"

namespace cairn::store {

/// The database was reached and refuses the session: another user, password or database name, or a
/// change at the server is needed. Waiting does not help.
class SessionRefused : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// How sessions of this program with one database are opened.
class PostgresSessions {
  public:
    /// Reads `url`. Throws std::runtime_error, without its password, if libpq cannot read it.
    PostgresSessions(const std::string& url, const std::string& schema);

    /// Opens one; blocks. Throws SessionRefused with an advice, or std::runtime_error, saying what
    /// libpq said.
    [[nodiscard]] PostgresHandle open() const;
    [[nodiscard]] const std::string& schema() const { return schema_; }
    /// The database and where it is, as a URL without password.
    [[nodiscard]] std::string name() const;

  private:
    std::map<std::string, std::string> parameters_;
    std::string schema_;
};

/// How PostgreSQL's own tools are told of a database.
struct ToolConnection {
    std::string settings;  ///< "key='value' ...", without the password
    std::optional<std::string> password;
};
/// Throws std::runtime_error, without its password, if libpq cannot read `url`.
[[nodiscard]] ToolConnection tool_connection(const std::string& url);

/// Runs statements without parameters on a session that nobody else uses; blocks. Throws
/// std::runtime_error with the database's message.
Answer run_script(PGconn* session, const std::string& script);

}  // namespace cairn::store
