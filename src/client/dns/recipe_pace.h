#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "client/timer.h"

namespace cairn::client {

/// How often, and by how many at once, a provider is asked by this process. Thread-safe.
class RecipePace {
  public:
    /// 0: without bound.
    RecipePace(std::size_t per_minute, std::size_t at_once);

    /// One of the places for a request under way. Every request has a deadline of its own, so that
    /// a place becomes free.
    class Place {
      public:
        explicit Place(RecipePace& pace) : pace_(pace) { pace_.enter(); }
        ~Place() { pace_.leave(); }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

      private:
        RecipePace& pace_;
    };

    /// Waits until a request may be sent. Throws Failure if the run is asked to stop meanwhile.
    void await_turn(Timer& timer);

  private:
    void enter();
    void leave();

    const std::chrono::milliseconds gap_;
    const std::size_t at_once_;
    std::mutex mutex_;
    std::condition_variable place_is_free_;
    std::size_t under_way_ = 0;
    Timer::TimePoint next_{};
};

}  // namespace cairn::client
