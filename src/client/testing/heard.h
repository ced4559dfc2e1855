#pragma once
// For the tests of client.

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

#include "client/progress.h"

namespace cairn::client::testing {

/// Remembers what was told.
class Heard final : public Progress {
  public:
    void tell(const ProgressEvent& event) override {
        const std::scoped_lock lock(mutex_);
        events_.push_back(event);
    }
    [[nodiscard]] std::vector<ProgressEvent> events() const {
        const std::scoped_lock lock(mutex_);
        return events_;
    }
    /// The events of one kind, in order.
    [[nodiscard]] std::vector<ProgressEvent> events(ProgressKind kind) const {
        auto found = events();
        std::erase_if(found, [kind](const ProgressEvent& event) { return event.kind != kind; });
        return found;
    }
    [[nodiscard]] bool has(ProgressKind kind) const { return !events(kind).empty(); }

  private:
    mutable std::mutex mutex_;
    std::vector<ProgressEvent> events_;
};

}  // namespace cairn::client::testing
