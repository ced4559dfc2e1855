#pragma once

#include <atomic>
#include <chrono>
#include <stop_token>

namespace cairn::client {

/// Waits; a parameter of everything that waits, so that tests need not wait. Thread-safe.
class Timer {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;
    virtual ~Timer() = default;
    [[nodiscard]] virtual TimePoint now() const = 0;
    /// Waits for `duration`. Throws Failure if the run is asked to stop before or meanwhile.
    virtual void wait(std::chrono::milliseconds duration) = 0;
    /// True once the run has been asked to stop.
    [[nodiscard]] virtual bool is_stopped() const = 0;
};

/// Waits in real time, until `stop` is requested.
class SystemTimer final : public Timer {
  public:
    explicit SystemTimer(std::stop_token stop = {}) : stop_(std::move(stop)) {}
    [[nodiscard]] TimePoint now() const override { return std::chrono::steady_clock::now(); }
    void wait(std::chrono::milliseconds duration) override;
    [[nodiscard]] bool is_stopped() const override { return stop_.stop_requested(); }

  private:
    std::stop_token stop_;
};

/// Jumps instead of waiting, for tests.
class InstantTimer final : public Timer {
  public:
    [[nodiscard]] TimePoint now() const override { return TimePoint{} + waited(); }
    void wait(std::chrono::milliseconds duration) override { waited_ += duration.count(); }
    [[nodiscard]] bool is_stopped() const override { return false; }
    /// How much would have been waited.
    [[nodiscard]] std::chrono::milliseconds waited() const {
        return std::chrono::milliseconds(waited_.load());
    }

  private:
    std::atomic<std::chrono::milliseconds::rep> waited_ = 0;
};

/// The failure of a job that was asked to stop while it waited.
[[noreturn]] void throw_interrupted();

}  // namespace cairn::client
