#include "store/sqlite/store.h"

#include <algorithm>

#include "store/sqlite/file.h"
#include "store/sqlite/repository.h"

namespace cairn::store {

namespace {

constexpr std::size_t cached_certificates = 1024;
constexpr std::size_t cached_issuers = 16;

}  // namespace

SqliteRepository::SqliteRepository(const SqliteOptions& options, base::Log& log,
                                   ca::Observer& observer)
    : lock_(options.path),
      // In braces: the first makes the file that the second opens.
      writer_{open_for_writing(options.path), open_for_its_log(options.path), options.queue_limit,
              log, observer},
      readers_(options.path),
      accounts_(options.cached_objects),
      orders_(options.cached_objects),
      authorizations_(options.cached_objects),
      certificates_(std::min(options.cached_objects, cached_certificates)),
      issuers_(std::min(options.cached_objects, cached_issuers)) {
    load_blocked_keys();
}

base::Task<void> SqliteRepository::probe() {
    co_await writer_.run([](Connection& connection) {
        // Writing the version that is there writes its page all the same.
        const auto version =
            connection.find("PRAGMA user_version", [](Columns& row) { return row.integer(); });
        const auto write = "PRAGMA user_version = " + std::to_string(version.value());
        connection.run(write.c_str());
    });
}

base::Task<std::optional<base::Time>> SqliteRepository::believed_time() {
    co_return readers_.read([](Connection& connection) {
        return connection.find("SELECT believed FROM clock",
                               [](Columns& row) { return row.time(); });
    });
}

base::Task<void> SqliteRepository::keep_believed_time(base::Time time) {
    co_await writer_.run([time](Connection& connection) {
        connection.execute(
            "INSERT INTO clock (only, believed) VALUES (1, ?1)"
            " ON CONFLICT (only) DO UPDATE SET believed = ?1",
            time);
    });
}

std::unique_ptr<ca::Repository> open_sqlite_store(const SqliteOptions& options, base::Log& log,
                                                  ca::Observer& observer) {
    return std::make_unique<SqliteRepository>(options, log, observer);
}

}  // namespace cairn::store
