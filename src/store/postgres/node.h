#pragma once
// Private to the .cpp files of store.

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/log.h"
#include "base/task.h"
#include "store/postgres/pool.h"
#include "store/postgres/store.h"

namespace cairn::store {

/// Of an unfinished job "a": no living node has it, and node $1 may take it, whose lease of $3
/// milliseconds was renewed without a gap for so long that every living node has renewed its own. A
/// lease that ends too late to be one was made while the database's clock was ahead.
inline const std::string no_living_node =
    "(a.node IS NULL OR (a.node <> $1 AND EXISTS (SELECT FROM nodes m WHERE m.id = $1"
    " AND m.alive_since <= clock_timestamp() - $3 * interval '1 millisecond')"
    " AND NOT EXISTS (SELECT FROM nodes n"
    " WHERE n.id = a.node AND n.alive_until > clock_timestamp()"
    " AND n.alive_until < clock_timestamp() + interval '2 minutes')))";

/// This process among those that serve the CA: it says by a lease that it is alive, so that nobody
/// takes over its jobs, and tells the others what has changed.
class PostgresNode {
  public:
    struct Options {
        std::string name;
        base::Milliseconds lease{8000};
        /// For what nodes tell each other.
        std::string channel;
        /// Something happened at another node to the object with this id.
        std::function<void(const std::string& id)> on_change;
        /// The operator has told another node to read its configuration again.
        std::function<void()> on_reload;
    };
    PostgresNode(PostgresPool& pool, Options options, base::Log& log);
    /// Gives its jobs and its lease back.
    ~PostgresNode();

    /// Enters the node; blocks. Throws what a call throws.
    void start();
    void stop();

    [[nodiscard]] base::BytesView id() const { return id_; }
    [[nodiscard]] std::int64_t lease() const { return options_.lease.count(); }

    /// Seconds since 1970 by the database's clock, which all nodes share.
    [[nodiscard]] std::int64_t now() const;
    /// As ca::SharedRepository has it.
    [[nodiscard]] std::chrono::sys_time<base::Milliseconds> clock_offset() const {
        return clock_offset_;
    }
    /// Whether the database's clock was not set for so long, as far as this node has seen.
    [[nodiscard]] bool has_steady_clock(base::Milliseconds since) const;

    /// What this node's configuration and issuers are, as a digest.
    void report_configuration(std::string digest);
    void announce_reload();
    [[nodiscard]] ca::ClusterHealth health() const;

    /// Tells the other nodes that something happened to the object with this id. It is sent in a
    /// moment, together with others; should it be lost, they find out a little later.
    void announce(const std::string& id);
    /// Takes what another node, or this one, has sent to the channel.
    void hear(const std::string& payload);

  private:
    base::Task<void> renew();
    base::Task<void> release();
    base::Task<void> keep_lease();
    base::Task<void> send_announcements();
    base::Task<void> send_reload();
    void take_census(const Answer& answer);
    void compare_clocks(std::int64_t database, base::Milliseconds before, base::Milliseconds after);

    PostgresPool& pool_;
    const Options options_;
    base::Log& log_;
    const base::Bytes id_;
    const std::string mark_;  ///< the id as it stands in payloads

    using Point = std::chrono::sys_time<base::Milliseconds>;
    std::atomic<Point> clock_offset_{};  ///< 1970 until it is known
    /// When the database's clock was set last, by the time since this machine was started.
    std::atomic<base::Milliseconds> clock_set_{base::Milliseconds::min() / 2};

    mutable std::mutex mutex_;
    std::string configuration_;
    ca::ClusterHealth health_;
    std::chrono::steady_clock::time_point renewed_;
    std::vector<std::string> announcements_;
    bool has_others_ = true;
    bool is_sending_ = false;
    bool is_started_ = false;

    base::TaskGroup tasks_;
};

}  // namespace cairn::store
