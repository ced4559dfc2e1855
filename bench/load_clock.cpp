#include "bench/load_clock.h"

namespace cairn::bench {

using std::chrono::steady_clock;

LoadClock::Duration LoadClock::now() const {
    const std::scoped_lock lock(mutex_);
    return (held_ == Moment() ? steady_clock::now() : held_) - begun_;
}

void LoadClock::hold() {
    const std::scoped_lock lock(mutex_);
    if (held_ == Moment()) held_ = steady_clock::now();
}

void LoadClock::go_on() {
    const std::scoped_lock lock(mutex_);
    if (held_ == Moment()) return;
    begun_ += steady_clock::now() - held_;
    held_ = {};
}

}  // namespace cairn::bench
