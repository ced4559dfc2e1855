#include "store/sqlite/connection.h"

#include <cerrno>

#include <sqlite3.h>

#include "ca/ports/repository.h"

namespace cairn::store {
namespace {

constexpr int busy_patience_ms = 5000;
/// Readers take microseconds; a longer one (a backup) must not delay commits.
constexpr int checkpoint_patience_ms = 20;

/// Counting SQLite's memory takes a lock for each allocation, and nobody reads the count.
void count_no_memory() {
    static const int done = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    static_cast<void>(done);
}

bool may_pass(int code) {
    switch (code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_NOMEM:
        case SQLITE_READONLY:
        case SQLITE_INTERRUPT:
        case SQLITE_IOERR:
        case SQLITE_FULL:
        case SQLITE_CANTOPEN:
        case SQLITE_PROTOCOL:
            return true;
        default:
            return false;
    }
}

// The kernel treats the lost pages as written, so a second sync would succeed and prove nothing.
bool is_failed_sync(int code) {
    return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
}

// SQLite writes the commit record, syncs it, and then enters it into its index. After an error on
// the way the next process may believe the record. These errors come before it: the last write
// found no room, or the commit was refused and the transaction is still open.
bool is_surely_uncommitted(int code, int log_error) {
    switch (code & 0xff) {
        case SQLITE_FULL:
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_CONSTRAINT:
        case SQLITE_READONLY:
            return true;
        default:
            return code == SQLITE_IOERR_WRITE && (log_error == EDQUOT || log_error == EFBIG);
    }
}

// Why the last write to the log failed.
int log_error_of(sqlite3* database) {
    sqlite3_file* log = nullptr;
    int error = 0;
    sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&log));
    if (log != nullptr && log->pMethods != nullptr)
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error);
    return error;
}

[[noreturn]] void fail(int code, const char* what, const char* reason) {
    auto message = std::string(what) + ": " + reason;
    if (is_failed_sync(code)) throw ca::OutcomeUnknown(message);
    if (may_pass(code)) throw ca::StoreUnavailable(message);
    throw SqliteError(message);
}

}  // namespace

void Connection::Closes::operator()(sqlite3* database) const noexcept {
    sqlite3_close_v2(database);
}

void Connection::Finalizes::operator()(sqlite3_stmt* statement) const noexcept {
    sqlite3_finalize(statement);
}

Connection::Connection(const std::string& path, Access access)
    : log_pages_(std::make_unique<int>(0)) {
    count_no_memory();
    const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                      (access == Access::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    sqlite3* database = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
    database_.reset(database);
    if (code != SQLITE_OK) fail(code, path.c_str(), sqlite3_errstr(code));
    require(sqlite3_busy_timeout(database, busy_patience_ms), "busy timeout");
    // Replaces the automatic checkpoint, for which callers would have to wait.
    sqlite3_wal_hook(
        database,
        [](void* log_pages, sqlite3*, const char*, int pages) {
            *static_cast<int*>(log_pages) = pages;
            return SQLITE_OK;
        },
        log_pages_.get());
}

void Connection::run(const char* script) {
    require(sqlite3_exec(database_.get(), script, nullptr, nullptr, nullptr), script);
}

void Connection::commit() {
    Use use(*this, "COMMIT");
    const int code = use.try_step();
    if (code == SQLITE_DONE) return;
    const std::string reason = sqlite3_errmsg(database_.get());
    if (!is_surely_uncommitted(code, log_error_of(database_.get())))
        throw ca::OutcomeUnknown("COMMIT: " + reason);
    fail(code, "COMMIT", reason.c_str());
}

bool Connection::in_transaction() const {
    return sqlite3_get_autocommit(database_.get()) == 0;
}

std::int64_t Connection::changes() const {
    return sqlite3_changes64(database_.get());
}

int Connection::move_log() {
    // A connection that has never read does not know that there is a log.
    run("PRAGMA user_version");
    int log_pages = 0;
    int moved_pages = 0;
    const int code = sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                               &log_pages, &moved_pages);
    if (code == SQLITE_BUSY) return 0;
    require(code, "checkpoint");
    return moved_pages;
}

bool Connection::end_log() {
    require(sqlite3_busy_timeout(database_.get(), checkpoint_patience_ms), "busy timeout");
    const int code = sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_RESTART,
                                               nullptr, nullptr);
    require(sqlite3_busy_timeout(database_.get(), busy_patience_ms), "busy timeout");
    if (code == SQLITE_BUSY) return false;
    require(code, "checkpoint");
    *log_pages_ = 0;
    return true;
}

void Connection::require(int code, const char* what) const {
    if (code != SQLITE_OK) fail(code, what, sqlite3_errmsg(database_.get()));
}

Connection::Use::Use(Connection& connection, Sql sql) : connection_(connection), sql_(sql) {
    auto& prepared = connection.statements_[sql.text()];
    if (!prepared) {
        sqlite3_stmt* statement = nullptr;
        connection.require(sqlite3_prepare_v3(connection.database_.get(), sql.text(), -1,
                                              SQLITE_PREPARE_PERSISTENT, &statement, nullptr),
                           sql.text());
        prepared.reset(statement);
    }
    statement_ = prepared.get();
}

Connection::Use::~Use() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

int Connection::Use::try_step() {
    return sqlite3_step(statement_);
}

bool Connection::Use::step() {
    const int code = try_step();
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) connection_.require(code, sql_.text());
    return false;
}

void Connection::Use::bind(int index, std::int64_t value) {
    connection_.require(sqlite3_bind_int64(statement_, index, value), sql_.text());
}

// A null pointer would bind NULL, which an empty value is not.
void Connection::Use::bind(int index, base::BytesView value) {
    const void* data = value.empty() ? "" : static_cast<const void*>(value.data());
    connection_.require(sqlite3_bind_blob64(statement_, index, data, value.size(), SQLITE_STATIC),
                        sql_.text());
}

void Connection::Use::bind(int index, std::string_view value) {
    const char* data = value.empty() ? "" : value.data();
    connection_.require(
        sqlite3_bind_text64(statement_, index, data, value.size(), SQLITE_STATIC, SQLITE_UTF8),
        sql_.text());
}

void Connection::Use::bind(int index, base::Time value) {
    bind(index, std::int64_t{value.time_since_epoch().count()});
}

void Connection::Use::bind(int index, std::nullopt_t) {
    connection_.require(sqlite3_bind_null(statement_, index), sql_.text());
}

bool Columns::is_null() const {
    return sqlite3_column_type(statement_, next_) == SQLITE_NULL;
}

std::int64_t Columns::integer() {
    return sqlite3_column_int64(statement_, next_++);
}

base::Time Columns::time() {
    return base::Time(base::Seconds(integer()));
}

base::BytesView Columns::blob() {
    const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, next_));
    const int size = sqlite3_column_bytes(statement_, next_++);
    return {data, static_cast<std::size_t>(size)};
}

std::string_view Columns::text() {
    const auto octets = blob();
    return base::text_of(octets);
}

std::optional<std::int64_t> Columns::optional_integer() {
    if (!is_null()) return integer();
    ++next_;
    return std::nullopt;
}

std::optional<base::Time> Columns::optional_time() {
    if (!is_null()) return time();
    ++next_;
    return std::nullopt;
}

std::optional<base::BytesView> Columns::optional_blob() {
    if (!is_null()) return blob();
    ++next_;
    return std::nullopt;
}

std::optional<std::string_view> Columns::optional_text() {
    if (!is_null()) return text();
    ++next_;
    return std::nullopt;
}

Snapshot::~Snapshot() {
    try {
        connection_.execute("ROLLBACK");
    } catch (const std::exception&) {
        // SQLite has ended the transaction itself, because of the error that is on its way.
    }
}

}  // namespace cairn::store
