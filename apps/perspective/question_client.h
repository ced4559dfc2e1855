#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/task.h"
#include "http/async_client.h"

namespace cairn::apps {

/// An https client for questions that take as long to answer as what is looked at, so that a few
/// connections would be held up by hosts that never do. Thread-safe.
class QuestionClient {
  public:
    /// `in_flight`: questions under way at once; further ones fail.
    QuestionClient(base::Executor executor, std::size_t in_flight, http::ClientOptions options);

    /// Counts for questions from now on; those under way end as they began.
    void replace(http::ClientOptions options);
    /// Sends, and returns the body of an answer 200. Throws std::runtime_error with what was asked
    /// of whom and what came back, and base::Shortage if this machine lacks something: that says
    /// nothing about the other.
    [[nodiscard]] base::Task<std::string> ask(http::ClientRequest request) const;

  private:
    [[nodiscard]] std::shared_ptr<http::AsyncClient> made(http::ClientOptions options) const;
    [[nodiscard]] std::shared_ptr<http::AsyncClient> current() const;

    const base::Executor executor_;
    const std::size_t in_flight_;
    mutable std::mutex mutex_;
    std::shared_ptr<http::AsyncClient> client_;
};

}  // namespace cairn::apps
