#pragma once

#include <atomic>
#include <cstddef>

namespace cairn::apps {

/// Holds a place among the questions that a service answers at once, if there is one.
class Place {
  public:
    /// `taken`: how many are held, shared by all; it outlives this.
    Place(std::atomic<std::size_t>& taken, std::size_t most) : taken_(taken) {
        has_ = taken_.fetch_add(1, std::memory_order_relaxed) < most;
    }
    ~Place() { taken_.fetch_sub(1, std::memory_order_relaxed); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    [[nodiscard]] bool is_there() const { return has_; }

  private:
    std::atomic<std::size_t>& taken_;
    bool has_ = false;
};

}  // namespace cairn::apps
