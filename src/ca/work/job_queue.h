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

/// Runs work that outlives a request: validations, issuances. The store says what is to be done,
/// the queue only does it soon, and fairly among the owners of the jobs (`FairQueue`): a job that
/// finds no room, fails for want of the store, or was interrupted by a crash is found again by
/// `unfinished` and run then. A job that the CA itself lacks something for is tried again, each
/// time after a longer pause. One that fails for another reason would fail for ever; it is ended.
/// Thread-safe.
class JobQueue {
  public:
    struct Options {
        std::string name;  ///< for the log
        Observer::Queue queue = Observer::Queue::validation;
        std::size_t parallel = 256;
        std::size_t waiting = 20000;
        /// How soon a job that was left is looked for again.
        base::Milliseconds recheck{2000};
        /// How often the store is asked even if nothing is known to be left: a request that was
        /// under way during a reload may have written a job that no queue was told of.
        base::Milliseconds regular_look{2000};
        /// How long a job rests after the first time that the CA lacked something for it; twice as
        /// long after each further time, until `longest_rest`.
        base::Milliseconds first_rest{1000}, longest_rest{30000};
    };
    /// Nothing: the job is over. Else it is run again, after that long.
    using Again = std::optional<base::Milliseconds>;
    /// Runs one job. After a StoreFailure, SignerUnavailable or a cancellation it is looked for
    /// in the store again later; after a shortage (base::shortage_in) it rests; any other exception
    /// is logged, and the job is given to `GiveUp`.
    using Run = std::function<base::Task<Again>(std::string id)>;
    /// Ends a job in the store as failed.
    using GiveUp = std::function<base::Task<void>(std::string id)>;
    /// The jobs that the store has, at most `limit`; each owner's first before anybody's second.
    using Unfinished = std::function<base::Task<std::vector<QueuedJob>>(std::size_t limit)>;

    JobQueue(Options options, std::function<base::Executor()> next_executor, Run run,
             GiveUp give_up, Unfinished unfinished, base::Log& log,
             Observer& observer = deaf_observer());
    ~JobQueue();

    /// Takes up what the store has from before, then keeps looking for jobs that were left.
    void start();
    enum class Submission {
        taken,
        known,       ///< it waits or runs already, and is not run twice at a time
        owner_full,  ///< too many jobs of its owner wait
        full,        ///< too many jobs wait
        stopped,
    };
    /// Runs the job soon, once. Unless it was taken, only what the store knows of the job will have
    /// it run. It runs on its `place`, if there is room at once: best on the loop of whoever waits
    /// for it, who is then woken without a change of threads.
    Submission submit(QueuedJob job);
    /// Takes no more, and waits for what runs, `patience` at most. The rest stays in the store.
    void stop(base::Milliseconds patience);
    /// Jobs that run, wait or rest here.
    [[nodiscard]] std::size_t size() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace cairn::ca
