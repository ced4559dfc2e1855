#pragma once
// Private to the .cpp files of store: SQLite's objects, each owned by a handle, and rows as types.

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "ca/facts/id.h"

struct sqlite3;
struct sqlite3_stmt;

namespace cairn::store {

/// A statement that stands in the source: data only reaches it as a bound value.
class Sql {
  public:
    consteval Sql(const char* text) : text_(text) {}
    [[nodiscard]] const char* text() const { return text_; }

  private:
    const char* text_;
};

/// SQLite refused a statement for a permanent reason: a constraint, a damaged file. A reason that
/// may pass (disk full, no memory, a lock) is thrown as ca::StoreUnavailable. If a file could not
/// be synced, or a commit failed half way, ca::OutcomeUnknown is thrown: the content of the file is
/// unknown until another process reads it with its log.
class SqliteError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// The columns of one row, taken from left to right.
class Columns {
  public:
    explicit Columns(sqlite3_stmt* statement) : statement_(statement) {}

    [[nodiscard]] std::int64_t integer();
    [[nodiscard]] std::optional<std::int64_t> optional_integer();
    [[nodiscard]] base::Time time();
    [[nodiscard]] std::optional<base::Time> optional_time();
    /// Valid until the next row.
    [[nodiscard]] base::BytesView blob();
    [[nodiscard]] std::optional<base::BytesView> optional_blob();
    /// Valid until the next row.
    [[nodiscard]] std::string_view text();
    [[nodiscard]] std::optional<std::string_view> optional_text();
    void skip(int columns) { next_ += columns; }

  private:
    [[nodiscard]] bool is_null() const;
    sqlite3_stmt* statement_;
    int next_ = 0;
};

/// A connection to a database file; used by one thread at a time.
class Connection {
  public:
    enum class Access { read, write };
    /// Opens a file that exists. Throws what a statement throws.
    Connection(const std::string& path, Access access);

    /// Runs statements that have neither parameters nor rows of interest.
    void run(const char* script);

    /// Runs a statement without rows; the number of rows that it changed.
    template <class... Values>
    std::int64_t execute(Sql sql, const Values&... values) {
        Use use(*this, sql);
        bind_all(use, values...);
        while (use.step()) {
        }
        return changes();
    }

    /// What `read` makes of the first row, if there is one.
    template <class Read, class... Values>
    auto find(Sql sql, Read read, const Values&... values)
        -> std::optional<std::invoke_result_t<Read&, Columns&>> {
        Use use(*this, sql);
        bind_all(use, values...);
        if (!use.step()) return std::nullopt;
        Columns columns = use.columns();
        return read(columns);
    }

    /// True if there is a row.
    template <class... Values>
    bool exists(Sql sql, const Values&... values) {
        Use use(*this, sql);
        bind_all(use, values...);
        return use.step();
    }

    /// What `read` makes of each row.
    template <class Read, class... Values>
    auto list(Sql sql, Read read, const Values&... values)
        -> std::vector<std::invoke_result_t<Read&, Columns&>> {
        Use use(*this, sql);
        bind_all(use, values...);
        std::vector<std::invoke_result_t<Read&, Columns&>> result;
        while (use.step()) {
            Columns columns = use.columns();
            result.push_back(read(columns));
        }
        return result;
    }

    /// Calls `read` with each row.
    template <class Read, class... Values>
    void for_each(Sql sql, Read read, const Values&... values) {
        Use use(*this, sql);
        bind_all(use, values...);
        while (use.step()) {
            Columns columns = use.columns();
            read(columns);
        }
    }

    /// Ends a transaction. Throws ca::OutcomeUnknown if it may be found in the file later on all
    /// the same; after anything else that it throws, nothing was written.
    void commit();
    [[nodiscard]] bool in_transaction() const;
    /// Pages in the write-ahead log after the last commit or checkpoint made here.
    [[nodiscard]] int log_pages() const { return *log_pages_; }
    /// Moves the write-ahead log into the database, as far as readers allow, without holding up the
    /// writer; the number of its pages that are there afterwards.
    int move_log();
    /// Moves the write-ahead log into the database and lets the next commit begin it anew. False if
    /// a reader stood in the way; then part of it was moved. Called by the writer.
    bool end_log();

  private:
    struct Closes {
        void operator()(sqlite3* database) const noexcept;
    };
    struct Finalizes {
        void operator()(sqlite3_stmt* statement) const noexcept;
    };
    /// One run of a prepared statement, made ready for the next one at the end. Bound values are
    /// not copied: they live in the call that makes the Use.
    class Use {
      public:
        Use(Connection& connection, Sql sql);
        ~Use();
        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;

        /// Moves to the next row; false if there is none.
        bool step();
        /// What SQLite says to a step.
        [[nodiscard]] int try_step();
        [[nodiscard]] Columns columns() const { return Columns(statement_); }

        void bind(int index, std::int64_t value);
        void bind(int index, base::BytesView value);
        void bind(int index, std::string_view value);
        void bind(int index, base::Time value);
        void bind(int index, std::nullopt_t);
        template <class Kind>
        void bind(int index, const ca::Id<Kind>& id) {
            bind(index, id.octets());
        }
        template <class Value>
        void bind(int index, const std::optional<Value>& value) {
            if (value) {
                bind(index, *value);
            } else {
                bind(index, std::nullopt);
            }
        }

      private:
        Connection& connection_;
        Sql sql_;
        sqlite3_stmt* statement_;
    };

    template <class... Values>
    static void bind_all(Use& use, const Values&... values) {
        int index = 0;
        (use.bind(++index, values), ...);
    }
    [[nodiscard]] std::int64_t changes() const;
    /// Throws `code` unless it is SQLITE_OK.
    void require(int code, const char* what) const;

    std::unique_ptr<int> log_pages_;
    std::unique_ptr<sqlite3, Closes> database_;
    /// By the address of the text: the same text elsewhere in the source is another statement.
    std::unordered_map<const char*, std::unique_ptr<sqlite3_stmt, Finalizes>> statements_;
};

/// All reads while this object lives see one moment.
class Snapshot {
  public:
    explicit Snapshot(Connection& connection) : connection_(connection) {
        connection_.execute("BEGIN");
    }
    ~Snapshot();
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

  private:
    Connection& connection_;
};

}  // namespace cairn::store
