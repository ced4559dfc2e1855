#include "client/timer.h"

#include <condition_variable>
#include <mutex>

#include "client/failure.h"

namespace cairn::client {

void throw_interrupted() {
    throw Failure("finish", "the run was interrupted", "run the command again.");
}

void SystemTimer::wait(std::chrono::milliseconds duration) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    stopped.wait_for(lock, stop_, duration, [] { return false; });
    if (is_stopped()) throw_interrupted();
}

}  // namespace cairn::client
