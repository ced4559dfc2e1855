#pragma once

#include <cstddef>
#include <memory>

#include "base/task.h"

namespace cairn::net {

/// A pool of event loops with one thread each; handlers on one loop never run in parallel.
class EventLoops {
  public:
    explicit EventLoops(std::size_t count);
    /// Stops and joins.
    ~EventLoops();
    EventLoops(const EventLoops&) = delete;
    EventLoops& operator=(const EventLoops&) = delete;
    [[nodiscard]] std::size_t count() const;
    [[nodiscard]] base::Executor executor(std::size_t index) const;
    /// The loops in turn.
    [[nodiscard]] base::Executor next();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::net
