#pragma once
// For the tests of client.

#include <mutex>
#include <string>
#include <string_view>

#include "client/progress.h"

namespace cairn::client::testing {

/// Remembers what was said.
class Heard final : public Progress {
  public:
    void say(std::string_view sentence) override { add("", sentence); }
    void warn(std::string_view sentence) override { add("warning: ", sentence); }
    [[nodiscard]] std::string text() const {
        const std::scoped_lock lock(mutex_);
        return text_;
    }

  private:
    void add(std::string_view label, std::string_view sentence) {
        const std::scoped_lock lock(mutex_);
        text_ += std::string(label) + std::string(sentence) + "\n";
    }
    mutable std::mutex mutex_;
    std::string text_;
};

}  // namespace cairn::client::testing
