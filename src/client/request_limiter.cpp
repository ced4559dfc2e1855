#include "client/request_limiter.h"

#include <algorithm>

namespace cairn::client {
namespace {

using namespace std::chrono_literals;

/// How often a request that waits for a place looks whether the run is to stop.
constexpr auto stop_check = 100ms;

}  // namespace

RequestLimiter::Place RequestLimiter::enter() {
    std::unique_lock lock(mutex_);
    while (!place_is_free_.wait_for(lock, stop_check, [this] { return free_ > 0; }))
        if (timer_.is_stopped()) throw_interrupted();
    --free_;
    return Place(*this);
}

void RequestLimiter::leave() {
    const std::scoped_lock lock(mutex_);
    ++free_;
    place_is_free_.notify_one();
}

void RequestLimiter::hold_back(std::chrono::milliseconds pause) {
    const std::scoped_lock lock(mutex_);
    released_at_ = std::max(released_at_, timer_.now() + pause);
}

bool RequestLimiter::await_release(Timer::TimePoint deadline) {
    for (;;) {
        Timer::TimePoint released_at;
        {
            const std::scoped_lock lock(mutex_);
            released_at = released_at_;
        }
        const auto now = timer_.now();
        if (released_at <= now) return true;
        if (released_at > deadline) return false;
        timer_.wait(std::chrono::ceil<std::chrono::milliseconds>(released_at - now));
    }
}

}  // namespace cairn::client
