#pragma once

#include <functional>

#include "base/log.h"
#include "base/task.h"
#include "ca/facts/retention.h"
#include "ca/ports/work_leases.h"
#include "ca/work/clock_watch.h"
#include "ca/work/periodic_work.h"

namespace cairn::ca {

/// Forgets what has expired, in the background: round after round of small steps, with a pause
/// behind each, and a long one while the store has other things to do. Each step goes by the time
/// that the watch allows, and there is none while the clock is not believed. One of the nodes does
/// it, one whose clock is believed (PeriodicWork).
class RetentionRounds {
  public:
    /// One step: Repository::remove_expired.
    using Remove =
        std::function<base::Task<Removal>(RetentionCutoffs cutoffs, std::size_t at_most)>;
    struct Pace {
        /// How much a step looks at: a few milliseconds of a store's time.
        std::size_t at_most = 200;
        base::Milliseconds between_steps{100};
        /// The pause is at least so many times as long as the step took: a busy store takes long.
        int share_of_rest = 20;
        base::Milliseconds between_rounds{600'000};
        /// As PeriodicWork::Options has it.
        base::Milliseconds lease{60'000};
    };

    RetentionRounds(Remove remove, RetentionLimits limits, const ClockWatch& clock,
                    WorkLeases& leases, base::Log& log)
        : RetentionRounds(std::move(remove), limits, clock, leases, log, Pace{}) {}
    RetentionRounds(Remove remove, RetentionLimits limits, const ClockWatch& clock,
                    WorkLeases& leases, base::Log& log, Pace pace);

    /// Begins the first round, on an executor that runs one handler at a time.
    void start(const base::Executor& executor) { work_.start(executor); }
    /// Waits for the step that is under way.
    void stop() { work_.stop(); }

  private:
    base::Task<void> run_round(PeriodicWork::Turn& turn);

    const Remove remove_;
    const RetentionLimits limits_;
    const ClockWatch& clock_;
    base::Log& log_;
    const Pace pace_;
    PeriodicWork work_;
};

}  // namespace cairn::ca
