#include "store/backup.h"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <system_error>

#include "protocol/problem.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/file.h"

namespace cairn::store {

namespace {

/// As ca::CrlSigning numbers its lists: by the time.
constexpr std::int64_t numbers_per_second = 1000;

std::string problem_of_restored() {
    return protocol::Problem(protocol::ProblemType::server_internal,
                             "the CA was restored from a backup while this was under way; order "
                             "again")
        .to_json();
}

Settled settle_file(Connection& connection, base::Time copied, base::Time now) {
    const auto problem = problem_of_restored();
    const auto number = std::int64_t{now.time_since_epoch().count()} * numbers_per_second;
    Settled settled;
    settled.external_keys = static_cast<std::size_t>(connection.execute(
        "UPDATE external_keys SET uses = most_uses WHERE most_uses = 1 AND uses = 0"
        " AND revoked IS NULL"));
    settled.issuances = static_cast<std::size_t>(connection.execute(
        "UPDATE orders SET problem = ? WHERE begun IS NOT NULL AND completed IS NULL"
        " AND problem IS NULL",
        problem));
    connection.execute(
        "UPDATE authorizations SET finished = ?, problem = ? WHERE started IS NOT NULL"
        " AND finished IS NULL",
        now, problem);
    settled.authorizations = static_cast<std::size_t>(connection.execute(
        "UPDATE authorizations SET deactivated = ?1 WHERE deactivated IS NULL AND expires > ?2"
        " AND (finished IS NULL OR problem IS NULL)",
        now, copied));
    connection.execute("DELETE FROM crls WHERE number < ?", number);
    connection.execute("UPDATE crl_lists SET wishes = wishes + 1");
    connection.execute(
        "INSERT INTO clock (only, believed) VALUES (1, ?1)"
        " ON CONFLICT (only) DO UPDATE SET believed = ?1",
        now);
    settled.last_issued = connection
                              .find("SELECT max(issued) FROM certificates",
                                    [](Columns& row) { return row.optional_time(); })
                              .value_or(std::nullopt);
    return settled;
}

}  // namespace

void copy_sqlite(const std::filesystem::path& path, const std::filesystem::path& target) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored))
        throw std::runtime_error(path.string() + " is not there");
    try {
        // It may read what the server writes meanwhile, and sees one moment of it.
        Connection connection(path.string(), Connection::Access::write);
        connection.execute("VACUUM INTO ?", target.string());
    } catch (const std::exception& error) {
        throw std::runtime_error("copying " + path.string() + ": " + error.what());
    }
}

void make_sqlite(const std::filesystem::path& target) {
    (void)open_for_writing(target.string());
}

Settled settle_sqlite(const std::filesystem::path& path, base::Time copied, base::Time now) {
    try {
        auto connection = open_for_writing(path.string());
        connection.run("BEGIN IMMEDIATE");
        const auto settled = settle_file(connection, copied, now);
        connection.commit();
        return settled;
    } catch (const std::exception& error) {
        throw std::runtime_error("settling " + path.string() + ": " + error.what());
    }
}

}  // namespace cairn::store
