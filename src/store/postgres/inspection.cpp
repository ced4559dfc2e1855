#include "store/inspection.h"

#include <string>

#include "store/postgres/schema/schema.h"
#include "store/postgres/session.h"

namespace cairn::store {

namespace {

// Scripts are answered in text.
std::optional<std::int64_t> sole_number(const Answer& answer) {
    if (answer.rows() == 0) return std::nullopt;
    auto row = answer.row(0);
    return std::stoll(std::string(row.text()));
}

void look_into(PGconn* session, const std::string& schema, Inspection& inspection,
               const base::Clock& clock) {
    const auto before = clock.now();
    const auto theirs = sole_number(
        run_script(session, "SELECT round(extract(epoch FROM clock_timestamp()))::bigint"));
    if (theirs) inspection.clock_ahead = base::Seconds(*theirs) - before.time_since_epoch();
    const auto known = postgres_migrations().size();
    const auto version = schema_version(session, schema);
    if (version > known)
        inspection.findings.push_back("the schema \"" + schema + "\" is version " +
                                      std::to_string(version) +
                                      ", made by a newer cairn-ca; this one knows " +
                                      std::to_string(known) + ": install the newer one again");
    else if (version < known)
        inspection.notes.push_back("the next start brings the schema \"" + schema +
                                   "\" from version " + std::to_string(version) + " to " +
                                   std::to_string(known) + "; back it up before");
    constexpr std::size_t first_with_a_clock = 4;
    if (version < first_with_a_clock) return;
    if (const auto time = sole_number(run_script(session, "SELECT believed FROM clock LIMIT 1")))
        inspection.believed = base::Time(base::Seconds(*time));
}

}  // namespace

Inspection inspect_postgres(const std::string& url, const std::string& schema,
                            const base::Clock& clock) {
    Inspection inspection;
    try {
        const PostgresSessions sessions(url, schema);
        try {
            const auto session = sessions.open();
            look_into(session.get(), schema, inspection, clock);
        } catch (const std::exception& error) {
            inspection.findings.push_back(sessions.name() + ": " + error.what());
        }
    } catch (const std::exception& error) {
        inspection.findings.emplace_back(error.what());
    }
    return inspection;
}

}  // namespace cairn::store
