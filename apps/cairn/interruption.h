#pragma once

#include <atomic>
#include <stop_token>
#include <thread>

#include <signal.h>

#include "apps/cairn/console.h"

namespace cairn {

/// What SIGHUP means, with which a terminal that is closed ends what runs in it.
enum class Hangup {
    stops,          ///< as SIGTERM, unless somebody wants it ignored (nohup)
    is_for_command  ///< the command handles it
};

/// Turns the first SIGINT, SIGTERM or SIGHUP into a request to stop, so that what was put up for
/// the CA is taken down before the program ends; a second SIGINT or SIGTERM ends it at once. What
/// is ignored stays so, but for SIGTERM. Made before any other thread.
class Interruption {
  public:
    Interruption(Console& console, Hangup hangup);
    ~Interruption();
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;
    [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }

  private:
    void watch(Console& console);
    const sigset_t signals_;
    std::stop_source stop_;
    std::atomic<bool> is_over_ = false;
    std::thread thread_;
};

}  // namespace cairn
