#include "ca/work/retention_rounds.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "ca/ports/repository.h"

namespace cairn::ca {

using SteadyClock = std::chrono::steady_clock;

RetentionRounds::RetentionRounds(Remove remove, RetentionLimits limits, const ClockWatch& clock,
                                 base::Log& log, Pace pace)
    : remove_(std::move(remove)),
      limits_(limits),
      clock_(clock),
      log_(log),
      pace_(pace),
      tasks_([&log](std::exception_ptr error) {
          try {
              std::rethrow_exception(error);
          } catch (const std::exception& exception) {
              log.error("retention ended", {{"reason", exception.what()}});
          }
      }) {}

void RetentionRounds::start(const base::Executor& executor) {
    tasks_.spawn(executor, run());
}

void RetentionRounds::stop() {
    tasks_.close(base::Milliseconds(0));
}

base::Task<void> RetentionRounds::run() {
    for (;;) {
        try {
            co_await run_round();
        } catch (const StoreFailure& error) {
            log_.warning("retention waits for the store", {{"reason", error.what()}});
        }
        co_await base::sleep_for(pace_.between_rounds);
    }
}

base::Task<void> RetentionRounds::run_round() {
    std::size_t removed = 0;
    for (;;) {
        const auto time = clock_.removal_time();
        if (!time) break;
        const auto cutoffs = retention_cutoffs(limits_, *time);
        const auto begun = SteadyClock::now();
        const auto removal = co_await remove_(cutoffs, pace_.at_most);
        const auto taken =
            std::chrono::duration_cast<base::Milliseconds>(SteadyClock::now() - begun);
        removed += removal.removed;
        if (removal.is_round_over) break;
        co_await base::sleep_for(std::max(
            pace_.between_steps,
            std::min<base::Milliseconds>(taken * pace_.share_of_rest, pace_.between_rounds)));
    }
    if (removed > 0) log_.info("retention", {{"removed", std::to_string(removed)}});
}

}  // namespace cairn::ca
