#pragma once
// Private to the tests of http: a log that a test can read.

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <variant>

#include "base/log.h"

namespace cairn::http {

/// Keeps its lines for the test.
class KeptLog final : public base::Log {
  public:
    void write(base::LogLevel, std::string_view event,
               std::initializer_list<base::LogField> fields) override {
        std::string line(event);
        for (const base::LogField& field : fields) {
            line.append(" ").append(field.name).append("=");
            if (const auto* text = std::get_if<std::string_view>(&field.value)) line += *text;
            if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
                line += std::to_string(*number);
            }
        }
        const std::scoped_lock lock(mutex_);
        lines_ += line + "\n";
    }
    void flush() override {}
    [[nodiscard]] std::string lines() const {
        const std::scoped_lock lock(mutex_);
        return lines_;
    }
    /// Waits until a line holds `text`.
    [[nodiscard]] bool comes_to_hold(std::string_view text) const {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (std::chrono::steady_clock::now() < end) {
            if (lines().contains(text)) return true;
            std::this_thread::yield();
        }
        return false;
    }

  private:
    mutable std::mutex mutex_;
    std::string lines_;
};

}  // namespace cairn::http
