#include "ca/work/periodic_work.h"

#include <algorithm>
#include <utility>

#include "ca/ports/repository.h"

namespace cairn::ca {

namespace {

/// Between two questions for a lease that seems to have ended and has not.
constexpr base::Milliseconds least_pause{10};
/// Between two looks whether the work can be done here again.
constexpr base::Milliseconds between_looks{1000};

}  // namespace

PeriodicWork::PeriodicWork(Options options, Round round, WorkLeases& leases, base::Log& log)
    : options_(std::move(options)),
      round_(std::move(round)),
      leases_(leases),
      log_(log),
      tasks_([this](const std::exception_ptr& error) {
          try {
              std::rethrow_exception(error);
          } catch (const std::exception& exception) {
              log_.error(options_.name + " ended", {{"reason", exception.what()}});
          }
      }) {}

void PeriodicWork::start(const base::Executor& executor) {
    tasks_.spawn(executor, run());
}

void PeriodicWork::stop() {
    tasks_.close(base::Milliseconds(0));
}

base::Task<void> PeriodicWork::run() {
    for (;;) {
        auto next = SteadyClock::now() + std::min(options_.lease / 3, options_.between_rounds);
        try {
            // Not as one expression: g++ 12 would do both.
            if (is_able())
                next = co_await take_turn();
            else
                next = co_await stand_aside();
            waits_for_store_ = false;
        } catch (const StoreFailure& error) {
            if (!std::exchange(waits_for_store_, true))
                log_.warning(options_.name + " waits for the store", {{"reason", error.what()}});
        }
        const auto pause = std::chrono::ceil<base::Milliseconds>(next - SteadyClock::now());
        co_await base::sleep_for(std::max(pause, base::Milliseconds(1)));
    }
}

base::Task<PeriodicWork::SteadyClock::time_point> PeriodicWork::take_turn() {
    const bool is_ours = co_await has_lease();
    if (!is_ours) co_return next_question_;
    if (SteadyClock::now() >= next_round_) {
        // Also if the round fails.
        next_round_ = SteadyClock::now() + options_.between_rounds;
        Turn turn(*this);
        co_await round_(turn);
        next_round_ = SteadyClock::now() + options_.between_rounds;
        if (!is_able()) co_return SteadyClock::now();
    }
    co_return std::min(next_round_, renewal_);
}

// Counted from before the question, so that the store's lease ends no sooner than ours.
base::Task<bool> PeriodicWork::has_lease() {
    const auto asked = SteadyClock::now();
    if (asked < renewal_) co_return true;
    const auto lease = co_await leases_.try_lease(options_.name, options_.lease);
    const bool is_ours = lease.holder == WorkLeases::Lease::Holder::this_node;
    if (is_ours)
        renewal_ = asked + options_.lease / 3;
    else
        next_question_ = SteadyClock::now() + std::clamp(lease.left, least_pause, options_.lease);
    co_return is_ours;
}

base::Task<bool> PeriodicWork::keep_lease(base::Milliseconds duration) {
    const auto end = SteadyClock::now() + duration;
    for (;;) {
        const bool is_ours = co_await has_lease();
        const auto left = std::chrono::ceil<base::Milliseconds>(end - SteadyClock::now());
        if (!is_ours || left <= base::Milliseconds(0)) co_return is_ours;
        co_await base::sleep_for(std::min(left, options_.lease / 3));
    }
}

base::Task<PeriodicWork::SteadyClock::time_point> PeriodicWork::stand_aside() {
    next_round_ = {};
    // What was leased before is released once.
    if (std::exchange(renewal_, {}) != SteadyClock::time_point())
        co_await leases_.release(options_.name);
    co_return SteadyClock::now() + between_looks;
}

}  // namespace cairn::ca
