#include "ca/work/retention_rounds.h"

#include <algorithm>
#include <chrono>
#include <string>

namespace cairn::ca {

using SteadyClock = std::chrono::steady_clock;

RetentionRounds::RetentionRounds(Remove remove, RetentionLimits limits, const ClockWatch& clock,
                                 WorkLeases& leases, base::Log& log, Pace pace)
    : remove_(std::move(remove)),
      limits_(limits),
      clock_(clock),
      log_(log),
      pace_(pace),
      work_(
          {.name = "retention",
           .between_rounds = pace.between_rounds,
           .lease = pace.lease,
           .is_able = [&clock] { return clock.removal_time().has_value(); }},
          [this](PeriodicWork::Turn& turn) { return run_round(turn); }, leases, log) {}

base::Task<void> RetentionRounds::run_round(PeriodicWork::Turn& turn) {
    std::size_t removed = 0;
    for (bool goes_on = true; goes_on;) {
        const auto time = clock_.removal_time();
        if (!time) break;
        const auto cutoffs = retention_cutoffs(limits_, *time);
        const auto begun = SteadyClock::now();
        const auto removal = co_await remove_(cutoffs, pace_.at_most);
        const auto taken =
            std::chrono::duration_cast<base::Milliseconds>(SteadyClock::now() - begun);
        removed += removal.removed;
        if (removal.is_round_over) break;
        const auto pause = std::max(
            pace_.between_steps,
            std::min<base::Milliseconds>(taken * pace_.share_of_rest, pace_.between_rounds));
        goes_on = co_await turn.goes_on_after(pause);
    }
    if (removed > 0) log_.info("retention", {{"removed", std::to_string(removed)}});
}

}  // namespace cairn::ca
