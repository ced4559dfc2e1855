#pragma once

#include <atomic>
#include <stop_token>
#include <thread>

#include "apps/cairn/console.h"

namespace cairn {

/// Turns the first SIGINT or SIGTERM into a request to stop, so that what was put up for the CA is
/// taken down before the program ends; the second ends it at once. Made before any other thread.
class Interruption {
  public:
    explicit Interruption(Console& console);
    ~Interruption();
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;
    [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }

  private:
    void watch(Console& console);
    std::stop_source stop_;
    std::atomic<bool> is_over_ = false;
    std::thread thread_;
};

}  // namespace cairn
