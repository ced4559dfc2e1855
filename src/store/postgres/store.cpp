#include "store/postgres/store.h"

#include <stdexcept>
#include <utility>

#include "store/intent_keys.h"
#include "store/postgres/repository.h"
#include "store/postgres/schema/schema.h"

namespace cairn::store {
namespace {

std::string with_cause(const std::exception& error) {
    return "the PostgreSQL store cannot be opened: " + std::string(error.what());
}

PostgresHandle open_session(const PostgresSessions& sessions) {
    try {
        return sessions.open();
    } catch (const SessionRefused&) {
        throw;
    } catch (const std::runtime_error& error) {
        throw ca::StoreUnavailable(with_cause(error));
    }
}

PostgresSessions migrated(const PostgresOptions& options) try {
    PostgresSessions sessions(options.url, options.schema);
    const auto session = open_session(sessions);
    try {
        migrate(session.get(), options.schema, postgres_migrations());
        fill_in_intent_keys(session.get());
    } catch (const std::runtime_error& error) {
        if (PQstatus(session.get()) == CONNECTION_OK) throw;
        throw ca::StoreUnavailable(with_cause(error));
    }
    return sessions;
} catch (const ca::StoreUnavailable&) {
    throw;
} catch (const std::exception& error) {
    throw std::runtime_error(with_cause(error));
}

const Statement find_believed{"find_believed_time", "SELECT believed FROM clock",
                              Statement::Effect::repeatable};
const Statement keep_believed{"keep_believed_time",
                              "INSERT INTO clock (believed) VALUES ($1)"
                              " ON CONFLICT (is_present) DO UPDATE SET believed = $1",
                              Statement::Effect::repeatable};
const Statement write_nothing{"probe", "UPDATE cairn_schema SET version = version",
                              Statement::Effect::repeatable};

}  // namespace

base::Task<void> PostgresRepository::probe() {
    co_await run(write_nothing);
}

base::Task<std::optional<base::Time>> PostgresRepository::believed_time() {
    const auto answer = co_await run(find_believed);
    co_return answer.first([](PostgresRow& row) { return row.time(); });
}

base::Task<void> PostgresRepository::keep_believed_time(base::Time time) {
    co_await run(keep_believed, time);
}

PostgresRepository::PostgresRepository(const PostgresOptions& options,
                                       const std::vector<base::Executor>& executors, base::Log& log,
                                       ca::Observer& observer)
    : pool_(migrated(options),
            {.connections = options.connections,
             .channel = options.schema + "_nodes",
             .on_notice = [this](const std::string& payload) { node_.hear(payload); },
             .observer = &observer},
            executors, log),
      node_(pool_,
            {.name = options.node_name,
             .lease = options.lease,
             .channel = options.schema + "_nodes",
             .on_change = options.on_change,
             .on_reload = options.on_reload},
            log),
      nonces_(pool_, node_, log),
      checks_(pool_, nonces_, *this, accounts_, log) {
    pool_.start();
    node_.start();
    nonces_.start();
    checks_.start(executors);
}

PostgresRepository::~PostgresRepository() {
    checks_.stop();
    nonces_.stop();
    node_.stop();
    pool_.stop();
}

std::string postgres_name(const std::string& url) {
    return PostgresSessions(url, PostgresOptions().schema).name();
}

std::unique_ptr<ca::SharedRepository> open_postgres_store(
    const PostgresOptions& options, const std::vector<base::Executor>& executors, base::Log& log,
    ca::Observer& observer) {
    return std::make_unique<PostgresRepository>(options, executors, log, observer);
}

}  // namespace cairn::store
