#pragma once
// Private to the .cpp files of store.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/task.h"
#include "ca/ports/observer.h"
#include "store/sqlite/checkpointer.h"
#include "store/sqlite/connection.h"

namespace cairn::store {

/// The one writer of a database, on a thread of its own. Steps that wait at the same time share a
/// transaction, so that they share its wait for the disk too.
///
/// Thread-safe. Each step is atomic by itself: one that throws leaves the others of its transaction
/// untouched. For this, a transaction with a step that throws is rolled back and its steps run once
/// more, so a step must be repeatable. Tasks resume on their own executor, which must outlive this
/// object.
class GroupCommit {
  public:
    /// Both connections are to the same database; `log_connection` is for its write-ahead log.
    GroupCommit(Connection connection, Connection log_connection, std::size_t queue_limit,
                base::Log& log, ca::Observer& observer = ca::deaf_observer());
    /// Commits what waits.
    ~GroupCommit();
    GroupCommit(const GroupCommit&) = delete;
    GroupCommit& operator=(const GroupCommit&) = delete;

    /// Runs `step(connection)` on the writer's thread; its result, once that is on disk. Throws
    /// what the step threw, and ca::StoreUnavailable if the queue is full or the commit failed and
    /// nothing was written. Where that is not certain, the process ends (abrupt_end.h).
    template <class Step>
    [[nodiscard]] base::Task<std::invoke_result_t<Step&, Connection&>> run(Step step) {
        using Value = std::invoke_result_t<Step&, Connection&>;
        if constexpr (std::is_void_v<Value>) {
            co_await submit(std::move(step));
        } else {
            std::optional<Value> value;
            co_await submit([&](Connection& connection) { value.emplace(step(connection)); });
            co_return *std::move(value);
        }
    }

    /// Called by a step: `announce` is called on the writer's thread once the step is on disk,
    /// after those of earlier steps and before any task resumes. It does not throw.
    void after_commit(std::function<void()> announce) {
        announcements_.push_back(std::move(announce));
    }

    /// Transactions committed since the start.
    [[nodiscard]] std::uint64_t transactions() const { return transactions_; }

  private:
    using Step = std::function<void(Connection&)>;
    struct Call {
        Step step;
        base::Executor executor;
        /// Resumes the task that waits; called once, on `executor`.
        std::move_only_function<void(std::exception_ptr)> resume;
        std::exception_ptr error = nullptr;

        void go_on() { resume(std::move(error)); }
    };
    using Batch = std::vector<Call>;

    [[nodiscard]] base::Task<void> submit(Step step);
    void enqueue(Call call);
    void serve();
    /// The waiting calls, once they are worth a commit; empty when no more will come.
    [[nodiscard]] Batch next_batch();
    void commit(Batch& batch);
    /// False if nothing was committed; then each call has its error.
    [[nodiscard]] bool try_commit(Batch& batch);
    /// False if a step threw; then nothing is to be committed.
    [[nodiscard]] bool run_together(Batch& batch);
    /// Runs each step in a savepoint of its own; those that throw have their error.
    void run_apart(Batch& batch);
    void roll_back();
    static void resume(Batch batch);
    void end_log_if_due();

    Connection connection_;
    Checkpointer checkpointer_;
    const std::size_t queue_limit_;
    base::Log& log_;
    ca::Observer& observer_;
    std::atomic<std::uint64_t> transactions_ = 0;
    /// The last commit failed. Of consecutive failures only the first and the end are logged.
    bool is_failing_ = false;
    std::vector<std::function<void()>> announcements_;

    std::mutex mutex_;
    std::condition_variable changed_;
    Batch waiting_;
    /// The writer sleeps until so many wait.
    std::size_t wanted_ = 1;
    /// The callers that the last commit served, and those that have come since.
    std::size_t callers_lately_ = 1;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace cairn::store
