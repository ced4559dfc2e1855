#pragma once

#include <functional>
#include <optional>

#include "apps/ca/adapters.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/task.h"
#include "ca/work/clock_watch.h"

namespace cairn::apps {

/// Whether the clock is believed, from start to end of a server: what was known before comes from
/// the store, what is known now goes there, and the log tells when it changes. Used by the main
/// thread; `watch` may be asked from any.
class ClockUpkeep {
  public:
    /// `run` runs a task to its end. All outlive this object.
    ClockUpkeep(const base::Clock& clock, const OpenedStore& store, base::Log& log,
                std::function<void(base::Task<void>)> run);

    /// Reads the time that was kept last, and takes the operator's word for the present one.
    void begin(std::optional<base::Time> confirmed);
    /// The operator says that it is this time. What was said before is not said of the clock as it
    /// is now, so this is for a word that is new.
    void confirm(std::optional<base::Time> confirmed);
    /// True if the clock was set since the last look.
    bool look();
    /// Keeps the present time in the store if it is believed. What is missed is made up for at the
    /// next call.
    void keep_believed_time();

    [[nodiscard]] const ca::ClockWatch& watch() const { return watch_; }

  private:
    [[nodiscard]] std::optional<ca::ClockWatch::Point> database_clock() const;
    void report();

    const base::Clock& clock_;
    const OpenedStore& store_;
    base::Log& log_;
    std::function<void(base::Task<void>)> run_;
    ca::ClockWatch watch_;
    bool was_believed_ = true;
};

}  // namespace cairn::apps
