#pragma once

#include <chrono>
#include <thread>

#include "store/in_use.h"

namespace cairn::apps {

/// What `act` returns. Where another command has the store or the audit log, it is tried again for
/// as long as such a command may take; throws store::InUse if that was no command.
template <class Act>
auto when_free(Act act) {
    using namespace std::chrono_literals;
    constexpr auto patience = 30s;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
        try {
            return act();
        } catch (const store::InUse&) {
            if (std::chrono::steady_clock::now() >= deadline) throw;
        }
        std::this_thread::sleep_for(50ms);
    }
}

}  // namespace cairn::apps
