#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/task.h"
#include "ca/admissions.h"
#include "ca/nonces.h"
#include "ca/observer.h"
#include "ca/repository.h"

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
    /// How long this node's jobs stay its own after it was last heard of.
    base::Milliseconds lease{8000};
    /// Something happened at another node to the object with this id: an attempt or an issuance has
    /// ended. Called on the first of the event loops; must not throw.
    std::function<void(const std::string& id)> on_change;
    /// The operator has told another node to read its configuration again. Called as `on_change`.
    std::function<void()> on_reload;
};

/// How the shared store and its nodes are, as far as this node knows.
struct StoreHealth {
    bool is_reachable = false;
    std::vector<std::string> nodes;       ///< names of those that are alive, this one first
    std::vector<std::string> dissenters;  ///< those whose configuration or issuers differ
};

/// A store that several nodes share, and what they share beside the CA's facts.
class SharedStore : public ca::Repository {
  public:
    /// Nonces that are good at each node, once.
    [[nodiscard]] virtual ca::Nonces& nonces() = 0;
    /// Of requests with such nonces.
    [[nodiscard]] virtual ca::Admissions& admissions() = 0;
    /// Tells the others what this node's configuration and issuers are, as a digest; those that
    /// differ are logged. Blocks; called from a thread that runs no loop.
    virtual void report_configuration(std::string digest) = 0;
    /// Tells the other nodes to read their configuration again.
    virtual void announce_reload() = 0;
    [[nodiscard]] virtual StoreHealth health() const = 0;
    /// What the database's clock said when this machine was started, if neither was set since: with
    /// the time since then (base::time_since_boot), what it says now. To within half a second.
    [[nodiscard]] virtual std::chrono::sys_time<base::Milliseconds> clock_offset() const = 0;
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
[[nodiscard]] std::unique_ptr<SharedStore> open_postgres_store(
    const PostgresOptions& options, const std::vector<base::Executor>& executors, base::Log& log,
    ca::Observer& observer = ca::deaf_observer());

/// "postgresql://user@host:port/database" as libpq understands `url`, without a password. Throws
/// std::runtime_error if it does not.
[[nodiscard]] std::string postgres_name(const std::string& url);

}  // namespace cairn::store
