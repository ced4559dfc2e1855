#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>

#include "client/timer.h"

namespace cairn::client {

/// How many requests one CA gets from this run at once, and the time for which it gets none because
/// it asked to wait (RFC 9110 section 10.2.3). Thread-safe.
class RequestLimiter {
  public:
    /// At most `limit` requests are in flight at any time.
    RequestLimiter(Timer& timer, std::size_t limit) : timer_(timer), free_(limit) {}
    RequestLimiter(const RequestLimiter&) = delete;
    RequestLimiter& operator=(const RequestLimiter&) = delete;

    /// One of the places for a request in flight; free again when it is destroyed.
    class Place {
      public:
        explicit Place(RequestLimiter& limiter) : limiter_(&limiter) {}
        ~Place() {
            if (limiter_ != nullptr) limiter_->leave();
        }
        Place(Place&& other) noexcept : limiter_(std::exchange(other.limiter_, nullptr)) {}
        Place& operator=(Place&&) = delete;

      private:
        RequestLimiter* limiter_;
    };

    /// Waits for a free place. Throws Failure if the run is asked to stop meanwhile. Every request
    /// has a deadline of its own, so that a place becomes free.
    [[nodiscard]] Place enter();

    /// Nobody is to ask the CA before `pause` is over. A longer pause that was asked for before
    /// stands.
    void hold_back(std::chrono::milliseconds pause);
    /// Waits until nobody is held back any more; false, without waiting, if that would be after
    /// `deadline`. Throws Failure if the run is asked to stop meanwhile.
    [[nodiscard]] bool await_release(Timer::TimePoint deadline);

  private:
    void leave();

    Timer& timer_;
    std::mutex mutex_;
    std::condition_variable place_is_free_;
    std::size_t free_;
    Timer::TimePoint released_at_{};
};

}  // namespace cairn::client
