#pragma once

#include <atomic>
#include <string>
#include <vector>

namespace cairn::faults {

/// The moment at which this process is to die: the Nth time that a step of an issuance is about to
/// be done, or has been done and nobody knows of it yet. Thread-safe.
class FaultPoint {
  public:
    enum class Moment { before, after };

    /// Every step that can be named.
    [[nodiscard]] static const std::vector<std::string>& steps();

    /// From "STEP.before", "STEP.after" or either with ":N" behind it. Throws
    /// std::invalid_argument.
    explicit FaultPoint(const std::string& text);
    /// A moment that never comes.
    FaultPoint() = default;

    /// Says that the process is there. Ends it as a power cut would (SIGKILL) if that is the point.
    void reach(const std::string& step, Moment moment);

  private:
    std::string step_;
    Moment moment_ = Moment::before;
    std::atomic<int> remaining_ = 0;
};

}  // namespace cairn::faults
