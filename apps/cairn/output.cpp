#include "apps/cairn/output.h"

#include <algorithm>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

namespace cairn {
namespace {

constexpr auto longest_glance = std::chrono::milliseconds{1000};

}  // namespace

bool Output::can_take(ReaderPatience patience) noexcept {
    for (;;) {
        const auto began = std::chrono::steady_clock::now();
        const auto glance =
            patience == ReaderPatience::endless ? longest_glance : std::min(left_, longest_glance);
        pollfd writable{descriptor_, POLLOUT, 0};
        // An error of the descriptor counts as ready: write(2) then says what it is.
        if (::poll(&writable, 1, static_cast<int>(glance.count())) > 0) return true;
        if (patience == ReaderPatience::endless) continue;
        left_ -= std::min(left_, std::chrono::ceil<std::chrono::milliseconds>(
                                     std::chrono::steady_clock::now() - began));
        if (left_.count() == 0) return false;
    }
}

int Output::write(std::string_view text, ReaderPatience patience) noexcept {
    while (!text.empty()) {
        if (!can_take(patience)) return EAGAIN;
        // A pipe that has room at all takes so much without blocking.
        const auto count =
            ::write(descriptor_, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count < 0) return errno;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return 0;
}

void make_outputs_harmless() noexcept {
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
        // The lowest free number is the one that is missing. Without /dev/null, something that can
        // neither be read nor written keeps the place.
        const int access = descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY;
        if (::open("/dev/null", access) < 0) static_cast<void>(::open("/", O_PATH));
    }
    for (const int number : {SIGPIPE, SIGXFSZ}) static_cast<void>(::signal(number, SIG_IGN));
}

}  // namespace cairn
