#include "store/postgres/schema/schema.h"

#include <array>
#include <stdexcept>

#include "store/postgres/schema/version_1.h"
#include "store/postgres/schema/version_10.h"
#include "store/postgres/schema/version_2.h"
#include "store/postgres/schema/version_3.h"
#include "store/postgres/schema/version_4.h"
#include "store/postgres/schema/version_5.h"
#include "store/postgres/schema/version_6.h"
#include "store/postgres/schema/version_7.h"
#include "store/postgres/schema/version_8.h"
#include "store/postgres/schema/version_9.h"
#include "store/postgres/session.h"

namespace cairn::store {
namespace {

constexpr std::array postgres_scripts = {postgres_version_1, postgres_version_2, postgres_version_3,
                                         postgres_version_4, postgres_version_5, postgres_version_6,
                                         postgres_version_7, postgres_version_8, postgres_version_9,
                                         postgres_version_10};

std::size_t version_in(const Answer& answer) {
    // Scripts are answered in text.
    auto row = answer.row(0);
    return std::stoul(std::string(row.text()));
}

// The operator may have made it, for a role that may not.
std::string creation_of(PGconn* session, const std::string& schema) {
    const bool exists =
        version_in(run_script(
            session, "SELECT count(*) FROM pg_namespace WHERE nspname = '" + schema + "'")) != 0;
    return (exists ? "" : "CREATE SCHEMA " + schema + ";\n") +
           "CREATE TABLE cairn_schema (version bigint NOT NULL);\n"
           "INSERT INTO cairn_schema VALUES (0);\n";
}

}  // namespace

std::size_t schema_version(PGconn* session, const std::string& schema) {
    const auto tables = [&](const std::string& condition) {
        return version_in(run_script(session,
                                     "SELECT count(*) FROM pg_class JOIN pg_namespace n"
                                     " ON n.oid = relnamespace WHERE nspname = '" +
                                         schema + "'" + condition));
    };
    if (tables("") == 0) return 0;
    if (tables(" AND relname = 'cairn_schema'") == 0)
        throw std::runtime_error("the schema \"" + schema + "\" belongs to another program");
    return version_in(run_script(session, "SELECT version FROM cairn_schema"));
}

std::span<const char* const> postgres_migrations() {
    return postgres_scripts;
}

void migrate(PGconn* session, const std::string& schema, std::span<const char* const> steps) {
    if (const char* encoding = PQparameterStatus(session, "server_encoding");
        encoding == nullptr || std::string(encoding) != "UTF8")
        throw std::runtime_error("the database's encoding must be UTF8");
    // Another node may take its time with a step.
    run_script(session, "SET statement_timeout = '10min'; SET lock_timeout = '10min'");
    run_script(session,
               "SELECT pg_advisory_lock(hashtextextended('cairn schema " + schema + "', 0))");
    auto version = schema_version(session, schema);
    if (version > steps.size()) {
        throw std::runtime_error("its schema is version " + std::to_string(version) +
                                 ", made by a newer cairn-ca; this one knows " +
                                 std::to_string(steps.size()));
    }
    for (; version < steps.size(); ++version) {
        std::string script = "BEGIN;\n";
        if (version == 0) script += creation_of(session, schema);
        script += steps[version];
        script += "UPDATE cairn_schema SET version = " + std::to_string(version + 1) + ";\nCOMMIT";
        try {
            run_script(session, script);
        } catch (const std::exception&) {
            run_script(session, "ROLLBACK");
            throw;
        }
    }
}

}  // namespace cairn::store
