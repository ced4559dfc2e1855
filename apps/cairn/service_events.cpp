#include "apps/cairn/service_events.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <system_error>
#include <utility>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "client/failure.h"

namespace cairn {
namespace {

constexpr std::size_t max_changed = 1000;
constexpr std::uint32_t changes =
    IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE;

// What the handler of signals may touch.
std::atomic<bool> is_reload_asked = false;
std::atomic<bool> is_check_asked = false;
std::atomic<bool> is_woken = false;
std::atomic<int> wake_descriptor = -1;
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void ring() {
    const std::uint64_t one = 1;
    // It can only fail because it rings already.
    [[maybe_unused]] const auto written = ::write(wake_descriptor, &one, sizeof one);
}

void note_signal(int number) {
    const int kept = errno;
    (number == SIGHUP ? is_reload_asked : is_check_asked) = true;
    ring();
    errno = kept;
}

void handle(int number, void (*handler)(int)) {
    struct sigaction action{};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    ::sigaction(number, &action, nullptr);
}

}  // namespace

ServiceEvents::ServiceEvents(std::stop_token stop)
    : stop_(std::move(stop)),
      waker_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      notifier_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    if (!waker_.is_open())
        throw client::Failure("wait for signals", std::generic_category().message(errno));
    wake_descriptor = waker_.number();
    handle(SIGHUP, &note_signal);
    handle(SIGUSR1, &note_signal);
}

ServiceEvents::~ServiceEvents() {
    handle(SIGHUP, SIG_IGN);
    handle(SIGUSR1, SIG_IGN);
    wake_descriptor = -1;
}

void ServiceEvents::watch(const std::filesystem::path& folder) {
    folders_.insert(folder);
    renew_watches();
}

/// Watches each folder that is there, and what it stands in, so that it is noticed when it is made.
void ServiceEvents::renew_watches() {
    if (!notifier_.is_open()) return;
    const auto add = [this](const std::filesystem::path& folder) {
        const int number =
            ::inotify_add_watch(notifier_.number(), folder.c_str(), changes | IN_ONLYDIR);
        if (number >= 0) watches_[number] = folder;
    };
    for (const auto& folder : folders_) {
        add(folder.parent_path());
        add(folder);
    }
}

void ServiceEvents::read_changes() {
    alignas(inotify_event) std::array<char, 16384> buffer{};
    for (;;) {
        const auto count = ::read(notifier_.number(), buffer.data(), buffer.size());
        if (count <= 0) return;
        for (std::size_t at = 0; at < static_cast<std::size_t>(count);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof event);
            const std::string name(event.len > 0 ? buffer.data() + at + sizeof event : "");
            at += sizeof event + event.len;
            if ((event.mask & IN_Q_OVERFLOW) != 0) has_changes_ = true;
            if ((event.mask & IN_IGNORED) != 0) watches_.erase(event.wd);
            const auto folder = watches_.find(event.wd);
            if (folder == watches_.end() || name.empty() || name.front() == '.') continue;
            const auto entry = folder->second / name;
            if (folders_.contains(entry)) {
                renew_watches();
                has_changes_ = true;
            }
            if (!folders_.contains(folder->second)) continue;
            has_changes_ = true;
            if (changed_.size() < max_changed) changed_.insert(entry);
        }
    }
}

ServiceEvent ServiceEvents::next() {
    if (stop_.stop_requested()) return ServiceEvent::stop;
    if (is_reload_asked.exchange(false)) return ServiceEvent::reload;
    if (is_check_asked.exchange(false)) return ServiceEvent::check_now;
    if (is_woken.exchange(false)) return ServiceEvent::woken;
    if (std::exchange(has_changes_, false)) return ServiceEvent::changed;
    return ServiceEvent::time;
}

ServiceEvent ServiceEvents::wait(std::chrono::milliseconds patience) {
    const std::stop_callback on_stop(stop_, &ring);
    if (const auto event = next(); event != ServiceEvent::time) return event;
    std::array<pollfd, 2> descriptors{pollfd{waker_.number(), POLLIN, 0},
                                      pollfd{notifier_.number(), POLLIN, 0}};
    constexpr std::chrono::milliseconds longest = std::chrono::hours{1};
    const auto length = std::clamp(patience, std::chrono::milliseconds{0}, longest);
    // An interrupted poll is like one that was rung out of.
    ::poll(descriptors.data(), descriptors.size(), static_cast<int>(length.count()));
    std::uint64_t rings = 0;
    [[maybe_unused]] const auto none = ::read(waker_.number(), &rings, sizeof rings);
    if (notifier_.is_open()) read_changes();
    return next();
}

void ServiceEvents::wake() {
    is_woken = true;
    ring();
}

std::set<std::filesystem::path> ServiceEvents::take_changed() {
    return std::exchange(changed_, {});
}

}  // namespace cairn
