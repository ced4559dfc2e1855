#include "store/backup.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "base/child_process.h"
#include "base/result.h"
#include "protocol/problem.h"
#include "store/postgres/session.h"

namespace cairn::store {

namespace {

/// As ca::CrlSigning numbers its lists: by the time.
constexpr std::int64_t crl_numbers_per_second = 1000;
/// What is kept of what a tool says.
constexpr std::size_t longest_complaint = 2000;
constexpr std::chrono::milliseconds between_looks{20};

std::string read_all(int file) {
    std::string text;
    std::array<char, 4096> part{};
    for (;;) {
        const auto count = ::read(file, part.data(), part.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return text;
        if (text.size() < longest_complaint)
            text.append(part.data(), static_cast<std::size_t>(count));
    }
}

// pg_dump or pg_restore, which come with PostgreSQL's client. A password goes by the environment,
// where other users cannot read it.
void run_tool(const std::string& tool, const ToolConnection& connection,
              std::vector<std::string> arguments) {
    arguments.push_back("--dbname=" + connection.settings);
    arguments.emplace_back("--no-password");
    base::ChildProcess::Environment environment;
    if (connection.password) environment.emplace_back("PGPASSWORD", *connection.password);
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe for " + tool);
    auto started = base::ChildProcess::start(tool, arguments, environment, ends[1]);
    ::close(ends[1]);
    if (!started) {
        ::close(ends[0]);
        throw std::runtime_error(started.error().message +
                                 "; it comes with the package postgresql-client");
    }
    const auto said = read_all(ends[0]);
    ::close(ends[0]);
    std::optional<int> status;
    while (!(status = started->ended())) std::this_thread::sleep_for(between_looks);
    if (*status != 0)
        throw std::runtime_error(tool + " ended with status " + std::to_string(*status) + ": " +
                                 base::printable(said, longest_complaint));
}

std::size_t rows_changed_by(PGconn* session, const std::string& statement) {
    return static_cast<std::size_t>(run_script(session, statement).affected());
}

Settled settle_copy(PGconn* session, base::Time copied, base::Time now) {
    const auto problem =
        protocol::Problem(protocol::ProblemType::server_internal,
                          "the CA was restored from a backup while this was under way; order again")
            .to_json();
    const auto present = std::to_string(now.time_since_epoch().count());
    run_script(session, "SET statement_timeout = 0; SET enable_seqscan = on; BEGIN");
    Settled settled;
    settled.external_keys =
        rows_changed_by(session,
                        "UPDATE external_keys SET uses = most_uses"
                        " WHERE most_uses = 1 AND uses = 0 AND revoked IS NULL");
    settled.issuances = rows_changed_by(session, "UPDATE orders SET problem = $json$" + problem +
                                                     "$json$ WHERE begun IS NOT NULL"
                                                     " AND completed IS NULL AND problem IS NULL");
    run_script(session, "UPDATE authorizations SET finished = " + present + ", problem = $json$" +
                            problem + "$json$ WHERE started IS NOT NULL AND finished IS NULL");
    settled.authorizations =
        rows_changed_by(session, "UPDATE authorizations SET deactivated = " + present +
                                     " WHERE deactivated IS NULL AND expires > " +
                                     std::to_string(copied.time_since_epoch().count()) +
                                     " AND (finished IS NULL OR problem IS NULL)");
    run_script(session, "DELETE FROM crls WHERE number < " +
                            std::to_string(std::int64_t{now.time_since_epoch().count()} *
                                           crl_numbers_per_second) +
                            "; UPDATE crl_lists SET wishes = wishes + 1; DELETE FROM clock;"
                            " INSERT INTO clock (believed) VALUES (" +
                            present + ")");
    const auto newest =
        run_script(session,
                   "SELECT issued FROM certificates WHERE issued IS NOT NULL ORDER BY issued DESC"
                   " LIMIT 1");
    if (newest.rows() == 1) {
        auto row = newest.row(0);
        settled.last_issued = base::Time(base::Seconds(std::stoll(std::string(row.text()))));
    }
    run_script(session, "COMMIT");
    return settled;
}

}  // namespace

void dump_postgres(const std::string& url, const std::string& schema,
                   const std::filesystem::path& target) {
    const PostgresSessions sessions(url, schema);  // refuses names that are none
    // What nodes make anew at their start is not needed: who they are, and their nonces.
    run_tool("pg_dump", tool_connection(url),
             {"--format=custom", "--compress=0", "--schema=" + schema, "--no-owner",
              "--no-privileges", "--no-unlogged-table-data", "--file=" + target.string()});
}

void require_empty_postgres(const std::string& url, const std::string& schema) {
    const PostgresSessions sessions(url, schema);
    const auto session = sessions.open();
    const auto found =
        run_script(session.get(), "SELECT FROM pg_namespace WHERE nspname = '" + schema + "'");
    if (found.rows() > 0)
        throw std::runtime_error(sessions.name() + " has a schema \"" + schema +
                                 "\" already; nothing was changed. Rename or drop it first, or "
                                 "restore into another database with --set store.url=...");
}

Settled restore_postgres(const std::string& url, const std::string& schema,
                         const std::filesystem::path& source, base::Time copied, base::Time now) {
    require_empty_postgres(url, schema);
    run_tool("pg_restore", tool_connection(url),
             {"--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction",
              source.string()});
    const PostgresSessions sessions(url, schema);
    const auto session = sessions.open();
    try {
        return settle_copy(session.get(), copied, now);
    } catch (const std::exception&) {
        run_script(session.get(), "ROLLBACK; DROP SCHEMA " + schema + " CASCADE");
        throw;
    }
}

}  // namespace cairn::store
