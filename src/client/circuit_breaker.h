#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "client/timer.h"

namespace cairn::client {

/// Why a CA is not asked any more.
struct Outage {
    /// What came back of the request that found it out, and what to do next: as Failure has them.
    std::string came_back, next;
    /// When the CA may be asked again; nothing: not before the next run.
    std::optional<Timer::TimePoint> ends;
};

/// Remembers that a CA cannot be asked, so that a run finds it out once and not once for each of
/// its certificates. Thread-safe.
class CircuitBreaker {
  public:
    /// From now on there is an outage. One that is known stands.
    void open(Outage outage);
    /// The outage at this time.
    [[nodiscard]] std::optional<Outage> outage(Timer::TimePoint now) const;

    /// Counts an answer of the CA, whatever it says.
    void note_answer();
    /// How many there were: who got none can tell whether anybody else did.
    [[nodiscard]] std::uint64_t answers() const;

  private:
    mutable std::mutex mutex_;
    std::optional<Outage> outage_;
    std::uint64_t answers_ = 0;
};

}  // namespace cairn::client
