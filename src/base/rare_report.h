#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <utility>

namespace cairn::base {

/// Counts events that strangers can cause often, so that they are reported rarely. Thread-safe.
class RareReport {
  public:
    /// Counts one. If a report is due, how many there were since the last; else 0.
    [[nodiscard]] std::uint64_t count_one() {
        const std::scoped_lock lock(mutex_);
        ++count_;
        const auto now = std::chrono::steady_clock::now();
        if (last_ != std::chrono::steady_clock::time_point() && now - last_ < interval) return 0;
        last_ = now;
        return std::exchange(count_, 0);
    }

  private:
    static constexpr std::chrono::seconds interval{10};
    std::mutex mutex_;
    std::uint64_t count_ = 0;
    std::chrono::steady_clock::time_point last_;
};

}  // namespace cairn::base
