#include "store/sqlite/schema/schema.h"

#include <array>
#include <stdexcept>
#include <string>

#include "store/sqlite/schema/version_1.h"
#include "store/sqlite/schema/version_2.h"
#include "store/sqlite/schema/version_3.h"
#include "store/sqlite/schema/version_4.h"
#include "store/sqlite/schema/version_5.h"
#include "store/sqlite/schema/version_6.h"
#include "store/sqlite/schema/version_7.h"
#include "store/sqlite/schema/version_8.h"
#include "store/sqlite/schema/version_9.h"

namespace cairn::store {
namespace {

constexpr std::array scripts = {version_1, version_2, version_3, version_4, version_5,
                                version_6, version_7, version_8, version_9};

/// Marks the file as Cairn's ("Carn"); `file` and SQLite's own tools show it.
constexpr std::int64_t application_id = 0x4361726e;

std::int64_t integer_of(Connection& connection, Sql sql) {
    return connection.find(sql, [](Columns& row) { return row.integer(); }).value();
}

}  // namespace

std::span<const char* const> migrations() {
    return scripts;
}

void migrate(Connection& connection, std::span<const char* const> steps) {
    const bool is_empty = integer_of(connection, "SELECT count(*) FROM sqlite_schema") == 0;
    if (!is_empty && integer_of(connection, "PRAGMA application_id") != application_id)
        throw std::runtime_error("it is the database of another program");
    auto version = static_cast<std::size_t>(integer_of(connection, "PRAGMA user_version"));
    if (version > steps.size()) {
        throw std::runtime_error("its schema is version " + std::to_string(version) +
                                 ", made by a newer cairn-ca; this one knows " +
                                 std::to_string(steps.size()));
    }
    for (; version < steps.size(); ++version) {
        const auto script = "BEGIN IMMEDIATE;\n" + std::string(steps[version]) +
                            "PRAGMA application_id = " + std::to_string(application_id) +
                            ";\nPRAGMA user_version = " + std::to_string(version + 1) +
                            ";\nCOMMIT;";
        try {
            connection.run(script.c_str());
        } catch (const std::exception&) {
            if (connection.in_transaction()) connection.execute("ROLLBACK");
            throw;
        }
    }
}

}  // namespace cairn::store
