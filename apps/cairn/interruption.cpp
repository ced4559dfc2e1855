#include "apps/cairn/interruption.h"

#include <pthread.h>
#include <unistd.h>

namespace cairn {
namespace {

/// One that is ignored would come to sigwait(3) all the same once it is blocked.
bool is_ignored(int number) {
    struct sigaction action{};
    return ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

sigset_t stop_signals(Hangup hangup) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    if (!is_ignored(SIGINT)) sigaddset(&set, SIGINT);
    if (hangup == Hangup::stops && !is_ignored(SIGHUP)) sigaddset(&set, SIGHUP);
    return set;
}

}  // namespace

Interruption::Interruption(Console& console, Hangup hangup) : signals_(stop_signals(hangup)) {
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    thread_ = std::thread([this, &console] { watch(console); });
}

Interruption::~Interruption() {
    is_over_ = true;
    pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
}

void Interruption::watch(Console& console) {
    for (;;) {
        int number = 0;
        if (sigwait(&signals_, &number) != 0) continue;
        if (is_over_) return;
        if (stop_.stop_requested()) {
            // Of a closed terminal both the kernel and the shell tell.
            if (number == SIGHUP) continue;
            ::_exit(128 + number);
        }
        console.warn("stopping; interrupt again to stop at once.");
        stop_.request_stop();
    }
}

}  // namespace cairn
