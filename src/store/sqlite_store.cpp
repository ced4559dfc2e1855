#include "store/sqlite_store.h"

#include "store/sqlite_file.h"
#include "store/sqlite_repository.h"

namespace cairn::store {

SqliteRepository::SqliteRepository(const SqliteOptions& options, base::Log& log,
                                   ca::Observer& observer)
    : lock_(options.path),
      writer_(open_for_writing(options.path), options.queue_limit, log, observer),
      readers_(options.path),
      accounts_(options.cached_objects),
      orders_(options.cached_objects),
      authorizations_(options.cached_objects) {}

base::Task<void> SqliteRepository::probe() {
    co_await writer_.run([](Connection& connection) {
        // Writing the version that is there writes its page all the same.
        const auto version =
            connection.find("PRAGMA user_version", [](Columns& row) { return row.integer(); });
        const auto write = "PRAGMA user_version = " + std::to_string(version.value());
        connection.run(write.c_str());
    });
}

std::unique_ptr<ca::Repository> open_sqlite_store(const SqliteOptions& options, base::Log& log,
                                                  ca::Observer& observer) {
    return std::make_unique<SqliteRepository>(options, log, observer);
}

}  // namespace cairn::store
