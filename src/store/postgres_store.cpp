#include "store/postgres_store.h"

#include <stdexcept>
#include <utility>

#include "store/postgres_repository.h"
#include "store/schema/postgres_schema.h"

namespace cairn::store {
namespace {

PostgresSessions migrated(const PostgresOptions& options) {
    try {
        PostgresSessions sessions(options.url, options.schema);
        const auto session = sessions.open();
        migrate(session.get(), options.schema, postgres_migrations());
        return sessions;
    } catch (const std::exception& error) {
        throw std::runtime_error("the PostgreSQL store cannot be opened: " +
                                 std::string(error.what()));
    }
}

const Statement write_nothing{"probe", "UPDATE cairn_schema SET version = version",
                              Statement::Effect::repeatable};

}  // namespace

base::Task<void> PostgresRepository::probe() {
    co_await run(write_nothing);
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
      admissions_(pool_, nonces_, *this, accounts_, log) {
    pool_.start();
    node_.start();
    nonces_.start();
    admissions_.start(executors);
}

PostgresRepository::~PostgresRepository() {
    admissions_.stop();
    nonces_.stop();
    node_.stop();
    pool_.stop();
}

std::unique_ptr<SharedStore> open_postgres_store(const PostgresOptions& options,
                                                 std::vector<base::Executor> executors,
                                                 base::Log& log, ca::Observer& observer) {
    return std::make_unique<PostgresRepository>(options, executors, log, observer);
}

}  // namespace cairn::store
