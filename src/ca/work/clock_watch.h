#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"

namespace cairn::ca {

/// Says whether the clock of this machine can be believed. A wrong clock must not remove what a
/// right one would keep, so it is compared
/// - with its own course: the time at which it was last believed, by this process or by what the
///   store keeps of former ones, and what has passed since by the clock that nobody sets;
/// - with the clock of the database that nodes share.
///
/// What is removed goes by the course, never by what the clock says at that moment. Thread-safe.
class ClockWatch {
  public:
    using Duration = std::chrono::milliseconds;
    using Point = std::chrono::sys_time<Duration>;
    using Read = std::function<base::ClockReading()>;
    /// What the database's clock says, at a moment at which the machine has run for so long as this
    /// one says: the difference of the two. None: there is no such clock.
    using DatabaseOffset = std::function<std::optional<Point>()>;

    /// A clock that leaves its course by no more than this is believed: machines are held for
    /// moments, and clocks set by them.
    static constexpr Duration tolerated_leap = std::chrono::seconds(30);
    /// A leap of no more than this is believed once it has lasted `settling_time`: somebody has set
    /// the clock right, or the machine was held. One that is longer is for the operator to judge.
    static constexpr Duration longest_correction = std::chrono::days(1);
    static constexpr Duration settling_time = std::chrono::minutes(10);
    static constexpr Duration tolerated_skew = std::chrono::seconds(5);

    explicit ClockWatch(DatabaseOffset database_offset = {}, Read read = base::read_clocks);

    /// Begins with what the store knows: the latest time at which a clock was believed, none for a
    /// new store. One that is far ahead of that is not believed. One that is behind is: it removes
    /// less, and perhaps the other one was wrong. Called once, before all others.
    void begin(std::optional<base::Time> latest_believed);

    /// The operator's word that the clock was right at `when`. It counts where the clock is not
    /// believed and says no other day.
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
    /// By how much the clock deviates now from each of the things that it is compared with.
    [[nodiscard]] std::vector<Deviation> deviations() const;
    [[nodiscard]] bool is_believed() const;

    /// The time by which something may be removed now; none, if the clock is not believed. It may
    /// be earlier than the present: after a leap that was believed, also at a start, it catches up
    /// at twice the pace of time, so that a clock that is wrong by hours needs hours to do harm.
    [[nodiscard]] std::optional<base::Time> removal_time() const;
    /// The present, for the store to keep; none, if the clock is not believed, or began behind what
    /// the store knows and may still be set right.
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
    /// What the clock said when the machine was started, if it never left its course.
    Point course_;
    /// The same by what the store knew, while the clock is behind that since the beginning.
    std::optional<Point> stored_course_;
    /// By how much the clock was ahead of its course at the last look, and since when.
    Duration last_ahead_{0};
    Duration last_change_{0};
    /// The time by which something could be removed at one moment.
    Point removal_;
    Duration removal_moment_{0};
};

}  // namespace cairn::ca
