#include "apps/cairn/interruption.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace cairn {
namespace {

sigset_t stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

}  // namespace

Interruption::Interruption(Console& console) {
    const auto signals = stop_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    thread_ = std::thread([this, &console] { watch(console); });
}

Interruption::~Interruption() {
    is_over_ = true;
    pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
}

void Interruption::watch(Console& console) {
    const auto signals = stop_signals();
    for (;;) {
        int number = 0;
        if (sigwait(&signals, &number) != 0) continue;
        if (is_over_) return;
        if (stop_.stop_requested()) ::_exit(128 + number);
        console.warn("stopping; interrupt again to stop at once.");
        stop_.request_stop();
    }
}

}  // namespace cairn
