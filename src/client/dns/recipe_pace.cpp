#include "client/dns/recipe_pace.h"

#include <algorithm>

namespace cairn::client {

using namespace std::chrono_literals;

RecipePace::RecipePace(std::size_t per_minute, std::size_t at_once)
    : gap_(per_minute == 0 ? 0ms : 60000ms / static_cast<std::int64_t>(per_minute)),
      at_once_(at_once) {}

void RecipePace::await_turn(Timer& timer) {
    if (gap_ == 0ms) return;
    std::chrono::milliseconds pause{};
    {
        const std::scoped_lock lock(mutex_);
        const auto now = timer.now();
        const auto turn = std::max(now, next_);
        next_ = turn + gap_;
        pause = std::chrono::ceil<std::chrono::milliseconds>(turn - now);
    }
    if (pause > 0ms) timer.wait(pause);
}

void RecipePace::enter() {
    std::unique_lock lock(mutex_);
    place_is_free_.wait(lock, [&] { return at_once_ == 0 || under_way_ < at_once_; });
    ++under_way_;
}

void RecipePace::leave() {
    {
        const std::scoped_lock lock(mutex_);
        --under_way_;
    }
    place_is_free_.notify_one();
}

}  // namespace cairn::client
