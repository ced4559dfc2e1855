#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/task.h"
#include "ca/ports/observer.h"
#include "ca/ports/shared_repository.h"

namespace cairn::store {

struct PostgresOptions {
    /// postgresql://user@host/database, or whatever else libpq takes. Several hosts are tried in
    /// turn until one can be written to. Passwords belong into a passfile.
    std::string url;
    /// The schema in that database that holds the CA: small letters, digits and underscores.
    std::string schema = "cairn";
    /// Connections for each event loop.
    std::size_t connections = 4;
    /// Shown to the operator; any text.
    std::string node_name;
    /// How long this node keeps its jobs after its last sign of life.
    base::Milliseconds lease{8000};
    /// Called when something happened at another node to the object with this id: an attempt or an
    /// issuance has ended. Runs on the first event loop; must not throw.
    std::function<void(const std::string& id)> on_change;
    /// The operator has told another node to read its configuration again. Called as `on_change`.
    std::function<void()> on_reload;
};

/// The shared store: PostgreSQL, for any number of nodes. Each of `executors` (event loops) has
/// connections of its own, on which calls from that loop are made without changing threads; calls
/// from elsewhere are made on one of the loops. A call is one transaction. What the database
/// certainly did not carry out is repeated for a few seconds, then StoreUnavailable is thrown; so
/// it is at once where a connection broke before the answer to something that writes.
///
/// Makes the schema, or migrates an older one forward. Throws ca::StoreUnavailable if the database
/// cannot be reached now, std::runtime_error if only a person can change what is wrong: it refuses
/// this user, there is no such database, or its schema was made by a newer version or by another
/// program; neither with the password of the URL. The loops must run until the store is gone.
[[nodiscard]] std::unique_ptr<ca::SharedRepository> open_postgres_store(
    const PostgresOptions& options, const std::vector<base::Executor>& executors, base::Log& log,
    ca::Observer& observer = ca::deaf_observer());

/// "postgresql://user@host:port/database" as libpq understands `url`, without a password. Throws
/// std::runtime_error if it does not.
[[nodiscard]] std::string postgres_name(const std::string& url);

}  // namespace cairn::store
