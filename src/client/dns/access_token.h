#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>

#include "client/timer.h"

namespace cairn::client {

/// A token that a login has yielded and that ends after a while. Thread-safe.
class AccessToken {
  public:
    struct Granted {
        std::string text;
        std::chrono::seconds lifetime;
    };
    AccessToken(Timer& timer, std::function<Granted()> log_in)
        : timer_(timer), log_in_(std::move(log_in)) {}
    /// A token that lasts for a minute at least; logs in where there is none.
    [[nodiscard]] std::string text() {
        const std::scoped_lock lock(mutex_);
        constexpr std::chrono::seconds margin{60};
        if (token_.empty() || timer_.now() >= end_) {
            auto granted = log_in_();
            token_ = std::move(granted.text);
            end_ = timer_.now() + std::max(granted.lifetime - margin, std::chrono::seconds(0));
        }
        return token_;
    }
    /// Logs in again the next time, if `text` is the token still: it was refused.
    void drop(const std::string& text) {
        const std::scoped_lock lock(mutex_);
        if (token_ == text) token_.clear();
    }

  private:
    Timer& timer_;
    std::function<Granted()> log_in_;
    std::mutex mutex_;
    std::string token_;
    Timer::TimePoint end_{};
};

}  // namespace cairn::client
