#include "client/circuit_breaker.h"

#include <utility>

namespace cairn::client {

void CircuitBreaker::open(Outage outage) {
    const std::scoped_lock lock(mutex_);
    const bool stands =
        outage_ && (!outage_->ends || (outage.ends && *outage.ends <= *outage_->ends));
    if (!stands) outage_ = std::move(outage);
}

std::optional<Outage> CircuitBreaker::outage(Timer::TimePoint now) const {
    const std::scoped_lock lock(mutex_);
    if (!outage_ || (outage_->ends && *outage_->ends <= now)) return std::nullopt;
    return outage_;
}

void CircuitBreaker::note_answer() {
    const std::scoped_lock lock(mutex_);
    ++answers_;
}

std::uint64_t CircuitBreaker::answers() const {
    const std::scoped_lock lock(mutex_);
    return answers_;
}

}  // namespace cairn::client
