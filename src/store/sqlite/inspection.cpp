#include "store/inspection.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <unistd.h>

#include "store/sqlite/connection.h"
#include "store/sqlite/schema/schema.h"

namespace cairn::store {

namespace {

namespace fs = std::filesystem;

void look_at_place(const fs::path& path, Inspection& inspection) {
    const auto folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    for (const auto& place : {folder, path})
        if (::access(place.c_str(), R_OK | W_OK) != 0)
            inspection.findings.push_back(place.string() + " cannot be read and written: " +
                                          std::generic_category().message(errno) +
                                          "; give it to the user of the server");
}

void look_into(Connection& connection, const fs::path& path, Inspection& inspection) {
    const auto known = static_cast<std::int64_t>(migrations().size());
    const auto version =
        connection.find("PRAGMA user_version", [](Columns& row) { return row.integer(); })
            .value_or(0);
    if (version > known)
        inspection.findings.push_back(path.string() + ": its schema is version " +
                                      std::to_string(version) +
                                      ", made by a newer cairn-ca; this one knows " +
                                      std::to_string(known) + ": install the newer one again");
    else if (version < known)
        inspection.notes.push_back(path.string() + ": the next start brings its schema from " +
                                   "version " + std::to_string(version) + " to " +
                                   std::to_string(known) + "; back it up before");
    constexpr std::int64_t first_with_a_clock = 3;
    if (version >= first_with_a_clock)
        inspection.believed =
            connection.find("SELECT believed FROM clock", [](Columns& row) { return row.time(); });
    std::error_code error;
    if (const auto size = fs::file_size(path, error); error || size > largest_read) return;
    connection.for_each("PRAGMA quick_check(10)", [&](Columns& row) {
        const auto text = row.text();
        if (text != "ok")
            inspection.findings.push_back(path.string() + " is damaged: " + std::string(text) +
                                          "; restore the last backup");
    });
}

}  // namespace

Inspection inspect_sqlite(const std::string& path) {
    Inspection inspection;
    std::error_code error;
    if (!fs::exists(path, error)) {
        inspection.notes.push_back(path + " is not there; the next start makes an empty store");
        return inspection;
    }
    look_at_place(path, inspection);
    try {
        // One that could only read would leave the files of its log behind.
        Connection connection(path, Connection::Access::write);
        look_into(connection, path, inspection);
    } catch (const std::exception& failure) {
        inspection.findings.push_back(path + " cannot be read: " + failure.what());
    }
    return inspection;
}

}  // namespace cairn::store
