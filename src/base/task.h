#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>

namespace cairn::base {

/// Work that can wait: a coroutine that runs on the executor it was spawned on.
template <class T>
using Task = boost::asio::awaitable<T>;

using Executor = boost::asio::any_io_executor;
using Milliseconds = std::chrono::milliseconds;

/// Runs `task` on `executor` and calls `ended` there with what it threw, or with nothing. Whoever
/// starts it sees to it that what both use lives until then. `cancellation` ends the task before
/// its time.
void start(const Executor& executor, Task<void> task, std::function<void(std::exception_ptr)> ended,
           boost::asio::cancellation_slot cancellation = {});

/// Owns running tasks, so that none is detached.
///
/// Thread-safe: tasks may be spawned from any thread, on any executor that runs one handler at a
/// time: that of an io_context with one thread, or a strand. An exception that leaves a task is
/// handed to `on_failure`, on the task's executor, and goes no further.
class TaskGroup {
  public:
    using OnFailure = std::function<void(std::exception_ptr)>;
    explicit TaskGroup(OnFailure on_failure);
    /// Closes without patience; if tasks are left, their executors must still be running, or be
    /// gone.
    ~TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    /// Runs `task` on `executor` until it ends. Returns false, and drops the task unstarted, once
    /// `close` has been called.
    bool spawn(const Executor& executor, Task<void> task);
    /// The number of tasks that have not ended.
    [[nodiscard]] std::size_t size() const;
    /// Refuses new tasks, then waits for the running ones to end, `patience` at most; afterwards
    /// cancels what is left and waits for that. Called from a thread that runs none of them.
    /// Returns false if tasks had to be cancelled; their cancellation is not reported as a failure.
    bool close(Milliseconds patience);

  private:
    struct State;
    std::shared_ptr<State> state_;
};

/// Waits for `duration` on the current executor.
/// Throws boost::system::system_error (operation_aborted) if the task is cancelled meanwhile.
[[nodiscard]] Task<void> sleep_for(Milliseconds duration);

/// Something that tasks wait for by name: the end of a validation, of an issuance.
///
/// Thread-safe. A waiter that registers before the change is announced cannot miss it.
class Announcements {
  public:
    Announcements();
    ~Announcements();
    /// The right to wait for one change of `name`; taken before the state is read.
    class Ticket {
      public:
        Ticket(Ticket&&) noexcept;
        ~Ticket();
        /// Waits until the name is announced or `patience` is over. True if it was announced.
        /// Awaited on the ticket's executor, which runs one handler at a time.
        /// Throws boost::system::system_error (operation_aborted) if the task is cancelled.
        [[nodiscard]] Task<bool> wait(Milliseconds patience);

      private:
        friend class Announcements;
        struct Waiter;
        explicit Ticket(std::shared_ptr<Waiter> waiter);
        std::shared_ptr<Waiter> waiter_;
    };
    [[nodiscard]] Ticket ticket(const Executor& executor, std::string name);
    /// Wakes everyone who holds a ticket for `name`.
    void announce(const std::string& name);

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace cairn::base
