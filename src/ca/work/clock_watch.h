#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"

namespace cairn::ca {

/// Decides whether the clock of this machine is believed. With a wrong clock nothing must be
/// removed that a right one would keep, so it is compared - with its own course: the time at which
/// it was last believed, by this process or by what the store keeps of former ones, and what has
/// passed since by the clock that nobody sets; - with the clock of the database that nodes share.
///
/// Removal uses the course, never the present reading of the clock. Thread-safe.
class ClockWatch {
  public:
    using Duration = std::chrono::milliseconds;
    using Point = std::chrono::sys_time<Duration>;
    using Read = std::function<base::ClockReading()>;
    /// The time of the database's clock less the time since this machine was started. None: there
    /// is no such clock.
    using DatabaseOffset = std::function<std::optional<Point>()>;

    /// A deviation up to this is believed: machines pause for moments, and their clocks are then
    /// set.
    static constexpr Duration tolerated_leap = std::chrono::seconds(30);
    /// A jump up to this is believed once it has lasted `settling_time`: somebody has set the
    /// clock, or the machine was paused. The operator must confirm a longer one.
    static constexpr Duration longest_correction = std::chrono::days(1);
    static constexpr Duration settling_time = std::chrono::minutes(10);
    static constexpr Duration tolerated_skew = std::chrono::seconds(5);

    explicit ClockWatch(DatabaseOffset database_offset = {}, Read read = base::read_clocks);

    /// Begins with the latest time at which the store's clock was believed, none for a new store. A
    /// clock far ahead of it is not believed. A clock behind it is: it removes less, and perhaps
    /// the other one was wrong. Called once, before all other functions.
    void begin(std::optional<base::Time> latest_believed);

    /// The operator confirms that the clock was right at `when`. It counts if the clock is not
    /// believed and shows the same day.
    void confirm(base::Time when);

    /// To be called every few seconds; lets a correction be believed. True if the clock was set
    /// since the last time.
    bool look();

    struct Deviation {
        enum class From { course, database };
        From from;
        Duration ahead;  ///< behind, if negative
        [[nodiscard]] bool is_tolerable() const;
    };
    /// The present deviation from each thing that the clock is compared with.
    [[nodiscard]] std::vector<Deviation> deviations() const;
    [[nodiscard]] bool is_believed() const;

    /// The time to use for removal now; none if the clock is not believed. It may be earlier than
    /// the present: after a jump that was believed, also at a start, it catches up at twice the
    /// speed of time, so that a clock that is wrong by hours needs hours to do harm.
    [[nodiscard]] std::optional<base::Time> removal_time() const;
    /// The present time for the store to keep; none if the clock is not believed, or started behind
    /// the store's time and may still be corrected.
    [[nodiscard]] std::optional<base::Time> believed_time() const;

  private:
    // All under the mutex.
    [[nodiscard]] Point course_at(Duration since_boot) const { return course_ + since_boot; }
    [[nodiscard]] std::vector<Deviation> deviations_at(const base::ClockReading& reading) const;
    [[nodiscard]] bool is_believed_at(const base::ClockReading& reading) const;
    [[nodiscard]] Point removal_at(const base::ClockReading& reading) const;
    void follow(const base::ClockReading& reading);

    const DatabaseOffset database_offset_;
    const Read read_;
    mutable std::mutex mutex_;
    /// The clock's time at the start of the machine, if it has kept its course.
    Point course_;
    /// The same from the store's time, while the clock is behind that since the start.
    std::optional<Point> stored_course_;
    /// How far the clock was ahead of its course at the last check, and since when.
    Duration last_ahead_{0};
    Duration last_change_{0};
    /// The time for removal at one moment.
    Point removal_;
    Duration removal_moment_{0};
};

}  // namespace cairn::ca
