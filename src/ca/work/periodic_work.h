#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/log.h"
#include "base/task.h"
#include "ca/ports/work_leases.h"

namespace cairn::ca {

/// Work that has to be done again and again, by one of the nodes: the one that holds the lease of
/// its name (WorkLeases). The node keeps the lease between rounds, so the work stays where it is.
/// When that node dies, another one begins a round as soon as the lease has ended. A node that
/// cannot do the work lets another one have it.
///
/// Several nodes run one PeriodicWork each, with the same name and times.
class PeriodicWork {
  public:
    struct Options {
        std::string name;  ///< of the lease, and for the log
        /// From the end of a round to the begin of the next one.
        base::Milliseconds between_rounds;
        /// How long after a node has died another one begins, at most. Renewed when a third of it
        /// is over.
        base::Milliseconds lease{60'000};
        /// Whether this node can do the work now, looked at before each round and once a second
        /// while it cannot; empty: always. Meanwhile it does not ask for the lease, so that another
        /// node does the work, and when it can again, its next round begins at once.
        std::function<bool()> is_able = nullptr;
    };

    /// What a round knows of the lease.
    class Turn {
      public:
        /// Whether this node still has the work; to be asked before each step. A step takes less
        /// than two thirds of the lease. Throws what WorkLeases::try_lease throws.
        [[nodiscard]] base::Task<bool> goes_on() { return work_.has_lease(); }
        /// Pauses for so long, and keeps the lease meanwhile; then as `goes_on`.
        [[nodiscard]] base::Task<bool> goes_on_after(base::Milliseconds pause) {
            return work_.keep_lease(pause);
        }

      private:
        friend class PeriodicWork;
        explicit Turn(PeriodicWork& work) : work_(work) {}
        PeriodicWork& work_;
    };
    /// Does the work once. After a StoreFailure, which is logged, the next round is tried when it
    /// is due; any other exception ends the work at this node.
    using Round = std::function<base::Task<void>(Turn& turn)>;

    PeriodicWork(Options options, Round round, WorkLeases& leases, base::Log& log);

    /// Begins to ask for the lease, on an executor that runs one handler at a time.
    void start(const base::Executor& executor);
    /// Waits for the step that is under way. The lease ends by itself, or is renewed by whatever
    /// does the same work next at this node.
    void stop();

  private:
    using SteadyClock = std::chrono::steady_clock;

    base::Task<void> run();
    /// One look at the lease and, if it is due, one round; when to look again.
    base::Task<SteadyClock::time_point> take_turn();
    base::Task<bool> has_lease();
    base::Task<bool> keep_lease(base::Milliseconds duration);
    [[nodiscard]] bool is_able() const { return !options_.is_able || options_.is_able(); }
    /// Leaves the work to another node; when to look again.
    base::Task<SteadyClock::time_point> stand_aside();

    const Options options_;
    const Round round_;
    WorkLeases& leases_;
    base::Log& log_;
    // Used by the task alone.
    SteadyClock::time_point next_round_;
    /// Until then this node has the lease for sure, and does not ask for it.
    SteadyClock::time_point renewal_;
    /// When the lease is asked for again, if this node does not have it.
    SteadyClock::time_point next_question_;
    /// The log says so already.
    bool waits_for_store_ = false;
    base::TaskGroup tasks_;
};

}  // namespace cairn::ca
