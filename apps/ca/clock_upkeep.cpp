#include "apps/ca/clock_upkeep.h"

#include "apps/ca/readiness.h"

namespace cairn::apps {

ClockUpkeep::ClockUpkeep(const base::Clock& clock, const OpenedStore& store, base::Log& log,
                         std::function<void(base::Task<void>)> run)
    : clock_(clock), store_(store), log_(log), run_(std::move(run)), watch_([this] {
          return database_clock();
      }) {}

void ClockUpkeep::confirm(std::optional<base::Time> confirmed) {
    if (confirmed) watch_.confirm(*confirmed);
}

std::optional<ca::ClockWatch::Point> ClockUpkeep::database_clock() const {
    if (store_.shared == nullptr) return std::nullopt;
    return store_.shared->clock_offset();
}

void ClockUpkeep::begin(std::optional<base::Time> confirmed) {
    std::optional<base::Time> latest;
    const auto find = [&]() -> base::Task<void> {
        latest = co_await store_.repository->believed_time();
    };
    run_(find());
    watch_.begin(latest);
    if (confirmed) watch_.confirm(*confirmed);
    look();
    keep_believed_time();
}

bool ClockUpkeep::look() {
    const bool was_set = watch_.look();
    const bool is_believed = watch_.is_believed();
    if (is_believed != was_believed_) report();
    was_believed_ = is_believed;
    return was_set;
}

void ClockUpkeep::report() {
    bool is_believed = true;
    for (const auto& deviation : watch_.deviations()) {
        const auto finding = clock_finding(deviation, clock_.now());
        if (!finding) continue;
        is_believed = false;
        log_.warning("the clock is not believed", {{"detail", *finding}});
    }
    if (is_believed) log_.info("the clock is believed");
}

// What is missed is made up for a minute later.
void ClockUpkeep::keep_believed_time() {
    const auto time = watch_.believed_time();
    const bool is_store_away = store_.shared != nullptr && !store_.shared->health().is_reachable;
    if (!time || is_store_away) return;
    try {
        run_(store_.repository->keep_believed_time(*time));
    } catch (const std::exception& error) {
        log_.warning("the time could not be kept in the store", {{"error", error.what()}});
    }
}

}  // namespace cairn::apps
