#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/task.h"
#include "ca/ports/repository.h"

namespace cairn::apps {

/// Says whether the store can be written to, by having it write. Thread-safe.
class StoreWatch {
  public:
    StoreWatch(ca::Repository& repository, std::function<base::Executor()> next_executor);

    /// Tries the store now, and says what is wrong with it. A store that does not answer within
    /// `patience` is not waited for; one attempt is under way at a time, whoever asks.
    [[nodiscard]] base::Task<std::optional<std::string>> failure(
        base::Milliseconds patience = base::Milliseconds(2000));
    /// What the last attempt found.
    [[nodiscard]] std::optional<std::string> last_failure() const;

  private:
    base::Task<void> attempt();
    void begin();

    ca::Repository& repository_;
    const std::function<base::Executor()> next_executor_;
    mutable std::mutex mutex_;
    bool is_under_way_ = false;
    std::optional<std::string> last_failure_;
    base::Announcements announcements_;
    base::TaskGroup attempts_;
};

}  // namespace cairn::apps
