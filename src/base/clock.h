#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::base {

/// A point in time, UTC, with the resolution that certificates and ACME objects have.
using Time = std::chrono::sys_seconds;
using Seconds = std::chrono::seconds;

/// Where the time comes from; a parameter of everything that needs it.
/// Thread-safe: `now` may be called from any thread.
class Clock {
  public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Time now() const = 0;
};

/// The clock of the operating system.
class SystemClock final : public Clock {
  public:
    [[nodiscard]] Time now() const override;
};

/// A clock for tests that stands still until one thread moves it.
class ManualClock final : public Clock {
  public:
    explicit ManualClock(Time start) : now_(start) {}
    [[nodiscard]] Time now() const override { return now_; }
    void advance(Seconds by) { now_ = now() + by; }
    void set(Time time) { now_ = time; }

  private:
    std::atomic<Time> now_;
};

/// What two clocks of the operating system say at one moment.
struct ClockReading {
    /// The wall clock, which people and NTP set.
    std::chrono::sys_time<std::chrono::milliseconds> wall;
    /// The clock that nobody sets; it also runs while the machine sleeps (CLOCK_BOOTTIME).
    std::chrono::milliseconds since_boot;
};
[[nodiscard]] std::chrono::milliseconds time_since_boot();
[[nodiscard]] ClockReading read_clocks();

/// Appends `2026-11-22T01:02:03`. For years of four digits.
void append_date_and_time(std::string& text, Time time);
/// `2026-11-22T01:02:03Z` (RFC 3339, as RFC 8555 uses it).
[[nodiscard]] std::string to_rfc3339(Time time);

/// Reads an RFC 3339 date-time with any offset; fractions of a second are cut off. Refuses what is
/// not on the calendar and years outside 1970 to 9999.
[[nodiscard]] Result<Time> from_rfc3339(std::string_view text);

}  // namespace cairn::base
