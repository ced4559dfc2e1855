#pragma once
// Private to http: what the connections of a Server share.

#include <atomic>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/task.h"

namespace cairn::http {

class Connection;

/// What the connections of one event loop share; used on that loop alone.
struct ServerLoop {
    base::Executor executor;
    std::unordered_set<Connection*> connections;
    /// The server stops: no connection is kept after the request under way.
    bool draining = false;

    /// The present time for a Date field, formatted once a second.
    [[nodiscard]] std::string_view date();

  private:
    std::time_t date_time_ = 0;
    std::string date_text_;
};

/// Names for requests that are short and do not repeat, nor do those of two runs. Thread-safe.
class RequestIds {
  public:
    RequestIds();
    [[nodiscard]] std::string next();

  private:
    std::string prefix_;  ///< of this run
    std::atomic<std::uint64_t> count_ = 0;
};

}  // namespace cairn::http
