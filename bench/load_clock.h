#pragma once

#include <chrono>
#include <mutex>

namespace cairn::bench {

/// Time as a load has it: it stands still while the server is held still. Thread-safe.
class LoadClock {
  public:
    using Duration = std::chrono::steady_clock::duration;

    /// Since this object was made.
    [[nodiscard]] Duration now() const;
    /// Stands still until `go_on`.
    void hold();
    void go_on();

  private:
    using Moment = std::chrono::steady_clock::time_point;
    mutable std::mutex mutex_;
    /// When it would have begun if it had never stood still.
    Moment begun_ = std::chrono::steady_clock::now();
    /// Since when it stands still; otherwise the epoch.
    Moment held_{};
};

}  // namespace cairn::bench
