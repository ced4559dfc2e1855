#pragma once

#include <cstddef>
#include <mutex>

#include "base/task.h"

namespace cairn::bench {

/// Lets either one coroutine pass alone or any number together, on whatever executors they run.
/// Those who want to be alone go first. Thread-safe.
class Gate {
  public:
    enum class Company { alone, others };

    /// Inside as long as this object lives.
    class Passage {
      public:
        Passage(Passage&& other) noexcept : gate_(other.gate_), company_(other.company_) {
            other.gate_ = nullptr;
        }
        ~Passage() {
            if (gate_ != nullptr) gate_->leave(company_);
        }
        Passage& operator=(Passage&&) = delete;

      private:
        friend class Gate;
        Passage(Gate& gate, Company company) : gate_(&gate), company_(company) {}
        Gate* gate_;
        Company company_;
    };
    /// Waits until it may pass. Throws std::runtime_error after a minute.
    [[nodiscard]] base::Task<Passage> enter(Company company);

  private:
    [[nodiscard]] bool try_enter(Company company);
    void leave(Company company);

    std::mutex mutex_;
    bool alone_inside_ = false;
    std::size_t others_inside_ = 0, alone_waiting_ = 0;
    base::Announcements left_;
};

}  // namespace cairn::bench
