#pragma once
// Private to the .cpp files of store.

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/asio/thread_pool.hpp>

#include "base/log.h"
#include "base/task.h"
#include "store/postgres/pipeline.h"
#include "store/postgres/session.h"

namespace cairn::store {

/// The database refused the statement itself: a bug, or an object that exists already.
class StatementRefused : public std::runtime_error {
  public:
    StatementRefused(std::string state, const std::string& message, bool after_lost_answer)
        : std::runtime_error(message),
          sqlstate(std::move(state)),
          follows_lost_answer(after_lost_answer) {}
    const std::string sqlstate;
    const bool follows_lost_answer;  ///< as that of an Answer

    [[nodiscard]] bool is_unique_violation() const { return sqlstate == "23505"; }
};

/// A pipeline for each event loop, and a background pipeline for work outside of requests. Calls
/// may be made from any executor.
class PostgresPool {
  public:
    struct Options {
        std::size_t connections = 4;
        /// The channel that the background pipeline listens to; none if empty.
        std::string channel;
        PostgresConnection::OnNotice on_notice;
        /// Reports writing calls to it, except those on the background pipeline.
        ca::Observer* observer = &ca::deaf_observer();
    };
    PostgresPool(const PostgresSessions& sessions, Options options,
                 const std::vector<base::Executor>& executors, base::Log& log);
    ~PostgresPool();
    /// Opens the connections.
    void start();

    /// Carries out a statement: again where that is safe, for as long as a request can wait.
    /// Throws StatementRefused, ca::StoreUnavailable, or ca::OutcomeUnknown if it writes, was sent,
    /// and nothing that was sent later told what became of it.
    [[nodiscard]] base::Task<Answer> call(const Statement& statement, Parameters parameters);
    /// The same on the background pipeline.
    [[nodiscard]] base::Task<Answer> call_in_background(const Statement& statement,
                                                        Parameters parameters);

    /// The executor of the background pipeline.
    [[nodiscard]] const base::Executor& background_executor() const {
        return background_->executor();
    }
    /// Closes all connections; no call may be under way.
    void stop();

  private:
    base::Task<Answer> call_on(PostgresPipeline& pipeline, const Statement& statement,
                               Parameters parameters);

    boost::asio::thread_pool connectors_{4};
    std::vector<std::unique_ptr<PostgresPipeline>> pipelines_;
    std::unique_ptr<PostgresPipeline> background_;
    std::atomic<std::size_t> turn_ = 0;
};

}  // namespace cairn::store
