#include "store/sqlite/file.h"

#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/folder_owner.h"
#include "store/intent_keys.h"
#include "store/sqlite/schema/schema.h"

namespace cairn::store {
namespace {

[[noreturn]] void fail(const std::string& path, const char* what, int reason) {
    throw std::runtime_error(path + what + std::generic_category().message(reason));
}

void sync_directory(const std::filesystem::path& directory) {
    const int file = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) fail(directory, ": cannot be opened: ", errno);
    const bool is_synced = fsync(file) == 0;
    const int reason = errno;
    close(file);
    if (!is_synced) fail(directory, ": cannot be synced: ", reason);
}

// SQLite would make the file with the permissions of the umask; its companions get the file's own.
void create_file(const std::string& path) {
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0) {
        if (errno == EEXIST) return;
        fail(path, ": cannot be opened: ", errno);
    }
    const auto folder = std::filesystem::path(path).parent_path();
    give_to_owner_of(folder.empty() ? "." : folder, file);
    close(file);
}

}  // namespace

// A certificate changes a dozen pages all over the file, a few hundred octets on each. Small pages
// keep the log small; their cost, deeper trees, is low.
Connection open_for_writing(const std::string& path) {
    create_file(path);
    Connection connection(path, Connection::Access::write);
    try {
        connection.run(
            "PRAGMA page_size = 1024;"
            "PRAGMA auto_vacuum = INCREMENTAL;"
            "PRAGMA journal_mode = WAL;"
            "PRAGMA synchronous = FULL;"
            // What a log that had to grow leaves of its file when it begins anew.
            "PRAGMA journal_size_limit = 67108864;"
            "PRAGMA secure_delete = OFF;"
            "PRAGMA temp_store = MEMORY;"
            "PRAGMA cache_size = -2048;");
        const auto mode = connection.find("PRAGMA journal_mode",
                                          [](Columns& row) { return std::string(row.text()); });
        if (mode != "wal")
            throw std::runtime_error("its file system cannot share memory, as a network's cannot");
        migrate(connection, migrations());
        fill_in_intent_keys(connection);
        // The database and its log: SQLite syncs the folder of a new log, but says nothing if that
        // fails.
        const auto directory = std::filesystem::path(path).parent_path();
        sync_directory(directory.empty() ? "." : directory);
    } catch (const std::exception& error) {
        throw std::runtime_error(path + ": " + error.what());
    }
    return connection;
}

Connection open_for_its_log(const std::string& path) {
    Connection connection(path, Connection::Access::write);
    connection.run("PRAGMA synchronous = FULL; PRAGMA cache_size = -64;");
    return connection;
}

}  // namespace cairn::store
