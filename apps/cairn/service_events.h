#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <stop_token>
#include <string>

#include "client/durable_file.h"

namespace cairn {

/// What a program that runs all the time is waked by.
enum class ServiceEvent {
    time,       ///< nothing has happened
    woken,      ///< `wake` was called
    changed,    ///< an entry of a folder that is watched
    check_now,  ///< SIGUSR1
    reload,     ///< SIGHUP
    stop        ///< SIGTERM or SIGINT
};

/// Signals, changed folders and the passing of time, one after the other. There is one at a time,
/// used by one thread apart from `wake`.
class ServiceEvents {
  public:
    /// From now on SIGHUP and SIGUSR1 are events. Throws Failure.
    explicit ServiceEvents(std::stop_token stop);
    ~ServiceEvents();
    ServiceEvents(const ServiceEvents&) = delete;
    ServiceEvents& operator=(const ServiceEvents&) = delete;

    /// From now on what appears, goes or is written in this folder is an event, also when the
    /// folder is made or replaced later. Names with a dot first are files that are still being
    /// written, and none. Where the system does not tell of changes, there are none.
    void watch(const std::filesystem::path& folder);
    /// Waits until something happens, for at most `patience`. What counts more is told first.
    [[nodiscard]] ServiceEvent wait(std::chrono::milliseconds patience);
    /// Ends a wait. Thread-safe.
    void wake();
    /// The entries that have changed since the last call, at most a thousand.
    [[nodiscard]] std::set<std::filesystem::path> take_changed();

  private:
    [[nodiscard]] ServiceEvent next();
    void read_changes();
    void renew_watches();

    std::stop_token stop_;
    client::FileDescriptor waker_, notifier_;
    /// By descriptor of the watch: the folder.
    std::map<int, std::filesystem::path> watches_;
    std::set<std::filesystem::path> folders_;
    std::set<std::filesystem::path> changed_;
    bool has_changes_ = false;
};

}  // namespace cairn
