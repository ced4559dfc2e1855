#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/task.h"
#include "ca/ports/observer.h"
#include "ca/work/fair_queue.h"

namespace cairn::ca {

/// Runs work that outlives a request: validations, issuances. The store knows the jobs; the queue
/// only runs them soon, and fairly among their owners (`FairQueue`). A job that finds no room,
/// fails because the store is away, or was interrupted by a crash is found again by `unfinished`
/// and run then. If the CA itself lacks something for a job, it is retried, each time after a
/// longer pause. A job that fails for another reason would always fail; it is given up.
/// Thread-safe.
class JobQueue {
  public:
    struct Options {
        std::string name;  ///< for the log
        Observer::Queue queue = Observer::Queue::validation;
        std::size_t parallel = 256;
        std::size_t waiting = 20000;
        /// How soon the store is asked for a job that was left.
        base::Milliseconds recheck{2000};
        /// How often the store is asked even if no job is known to be left: a request during a
        /// reload may have written a job without telling a queue.
        base::Milliseconds regular_look{2000};
        /// The pause of a job after the CA lacked something for it; it doubles each time, up to
        /// `longest_rest`.
        base::Milliseconds first_rest{1000}, longest_rest{30000};
    };
    /// Nothing: the job is done. Else it runs again after that time.
    using Again = std::optional<base::Milliseconds>;
    /// Runs one job. After a StoreFailure, SignerUnavailable or a cancellation the job is left to
    /// the store and found again; after a shortage (base::shortage_in) it is retried after a pause;
    /// any other exception is logged, and the job is given to `GiveUp`.
    using Run = std::function<base::Task<Again>(std::string id)>;
    /// Ends a job in the store as failed.
    using GiveUp = std::function<base::Task<void>(std::string id)>;
    /// The unfinished jobs of the store, at most `limit`; the first of each owner before the second
    /// of any.
    using Unfinished = std::function<base::Task<std::vector<QueuedJob>>(std::size_t limit)>;

    JobQueue(Options options, std::function<base::Executor()> next_executor, Run run,
             GiveUp give_up, Unfinished unfinished, base::Log& log,
             Observer& observer = deaf_observer());
    ~JobQueue();

    /// Runs the unfinished jobs of the store, then keeps looking for jobs that were left.
    void start();
    enum class Submission {
        taken,
        known,       ///< it waits or runs already, and is not run twice at a time
        owner_full,  ///< too many jobs of its owner wait
        full,        ///< too many jobs wait
        stopped,
    };
    /// Runs the job soon, once. If it is not taken, it runs only when the store returns it. If
    /// there is room at once, it runs on its `place`: best the loop of the request that waits for
    /// it, which is then woken without a change of threads.
    Submission submit(QueuedJob job);
    /// Takes no more jobs and waits for the running ones, `patience` at most. The rest stays in the
    /// store.
    void stop(base::Milliseconds patience);
    /// Jobs that run, wait or pause here.
    [[nodiscard]] std::size_t size() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace cairn::ca
