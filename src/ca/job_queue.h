#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/task.h"
#include "ca/observer.h"

namespace cairn::ca {

/// Runs work that outlives a request: validations, issuances. The store says what is to be done,
/// the queue only does it soon: a job that finds no room, fails for want of the store, or was
/// interrupted by a crash is found again by `unfinished` and run then. A job that fails for another
/// reason would fail for ever; it is ended. Thread-safe.
class JobQueue {
  public:
    struct Options {
        std::string name;  ///< for the log
        Observer::Queue queue = Observer::Queue::validation;
        std::size_t parallel = 256;
        std::size_t waiting = 10000;
        /// How soon a job that was left is looked for again.
        base::Milliseconds recheck{2000};
        /// How often the store is asked even if nothing is known to be left: a request that was
        /// under way during a reload may have written a job that no queue was told of.
        base::Milliseconds regular_look{2000};
    };
    /// Runs one job. After a StoreFailure, SignerUnavailable or a cancellation it is tried again
    /// later; any other exception is logged, and the job is given to `GiveUp`.
    using Run = std::function<base::Task<void>(std::string id)>;
    /// Ends a job in the store as failed.
    using GiveUp = std::function<base::Task<void>(std::string id)>;
    /// The ids of jobs that the store has, at most `limit`.
    using Unfinished = std::function<base::Task<std::vector<std::string>>(std::size_t limit)>;

    JobQueue(Options options, std::function<base::Executor()> next_executor, Run run,
             GiveUp give_up, Unfinished unfinished, base::Log& log,
             Observer& observer = deaf_observer());
    ~JobQueue();

    /// Takes up what the store has from before, then keeps looking for jobs that were left.
    void start();
    /// Runs the job soon, once: an id that waits or runs already is not run twice at a time. False
    /// if it is one of those, or if there is no room or the queue is stopped: then only what the
    /// store knows of the job will have it run. It runs on `place`, if there is room at once: best
    /// on the loop of whoever waits for it, who is then woken without a change of threads.
    bool submit(std::string id, std::optional<base::Executor> place = std::nullopt);
    /// Takes no more, and waits for what runs, `patience` at most. The rest stays in the store.
    void stop(base::Milliseconds patience);
    /// Jobs that run or wait here.
    [[nodiscard]] std::size_t size() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace cairn::ca
