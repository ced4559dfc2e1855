#pragma once
// Private to the .cpp files of store.

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "base/task.h"
#include "ca/ports/observer.h"
#include "store/postgres/connection.h"

namespace cairn::store {

/// Awaits a task that was spawned elsewhere until it ends by its own deadline: if such a task is
/// cancelled before it has begun, Asio ends the program.
inline auto uncancelled() {
    return boost::asio::bind_cancellation_slot(boost::asio::cancellation_slot(),
                                               boost::asio::use_awaitable);
}

using Deadline = std::chrono::steady_clock::time_point;

/// How the connections of a pipeline are made and used.
struct PipelineOptions {
    /// Makes a connection, or throws std::runtime_error; blocks, so it runs on `connectors`.
    std::function<PostgresHandle()> connect;
    std::size_t connections = 4;
    /// Transactions sent on one connection and not answered yet.
    std::size_t pipelined = 64;
    /// Shared transactions sent and not answered yet: while there are so many, calls gather for the
    /// next one.
    std::size_t shared = 1;
    /// Calls in one shared transaction.
    std::size_t together = 100;
    /// The most calls that wait for a place; a further call fails at once.
    std::size_t waiting = 5000;
    PostgresConnection::OnNotice on_notice;
    /// Reports writing calls to it.
    ca::Observer* observer = &ca::deaf_observer();
};

/// The connections of one event loop, kept open, and the calls that wait for room on them. A turn
/// of the loop makes many calls, and each transaction costs two wake-ups and two system calls; so
/// what may share one is gathered. Used on its executor alone, but for `start` and `stop`.
class PostgresPipeline {
  public:
    PostgresPipeline(const base::Executor& executor, PipelineOptions options,
                     boost::asio::thread_pool& connectors, base::Log& log);
    ~PostgresPipeline();

    void start();
    /// Closes all connections; waits for that.
    void stop();

    [[nodiscard]] const base::Executor& executor() const { return executor_; }
    [[nodiscard]] bool is_connected() const;
    /// Carries out one statement, in one attempt, in a transaction of this kind.
    [[nodiscard]] base::Task<std::shared_ptr<PostgresCall>> perform(
        const Statement& statement, Statement::Transaction transaction,
        std::shared_ptr<const Parameters> parameters, Deadline deadline);
    /// Closes the connections, which lead to a server that cannot be written to, and makes new
    /// ones.
    void reconnect(const std::string& why);

  private:
    base::Task<void> keep(std::shared_ptr<PostgresConnection> connection);
    base::Task<PostgresHandle> connect();
    PostgresConnection* idlest();
    base::Task<void> ending_of(std::shared_ptr<PostgresCall> call, Deadline deadline);
    base::Task<void> gather();
    void pump();
    void pump_shared();
    [[nodiscard]] bool has_room_for_shared() const;

    const base::Executor executor_;
    const PipelineOptions options_;
    boost::asio::thread_pool& connectors_;
    base::Log& log_;
    std::vector<std::shared_ptr<PostgresConnection>> connections_;
    std::deque<std::shared_ptr<PostgresCall>> waiting_;         ///< each for its own transaction
    std::deque<std::shared_ptr<PostgresCall>> waiting_shared_;  ///< for a shared one
    bool is_gathering_ = false;                                 ///< `gather` is under way
    /// How the log was told that there is no connection; nothing: there is one.
    std::optional<base::LogLevel> failing_;
    base::TaskGroup keepers_;
};

}  // namespace cairn::store
