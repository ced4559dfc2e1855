#pragma once

#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/child_process.h"
#include "bench/process_usage.h"

namespace cairn::bench {

/// A user of the system under whose rights a program runs.
struct SystemUser {
    std::string name;
    uid_t user = 0;
    gid_t group = 0;
    /// Throws std::runtime_error if there is no such user.
    [[nodiscard]] static SystemUser named(const std::string& name);
};

/// What becomes of a program whose benchmark is killed.
enum class AtOurEnd {
    it_ends,  ///< by its stop signal: setpriv, which runs first, sees to it
    it_goes_on
};

struct Command {
    std::vector<std::string> words;
    std::string output_file = "/dev/null";
    /// "NAME=VALUE", beside what this program has.
    std::vector<std::string> environment{};
    std::optional<SystemUser> user{};
    int stop_signal = SIGTERM;
    AtOurEnd at_our_end = AtOurEnd::it_ends;
};

/// A program that runs as long as this object lives, and no longer than this process.
class Child {
  public:
    /// Throws std::runtime_error if it cannot be started.
    explicit Child(const Command& command);
    /// As `stop`.
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    /// Ends it with its signal and waits, at last with SIGKILL. May be called again.
    void stop();
    /// Holds it and what it started still (SIGSTOP), as if it had no processor, until `go_on`.
    void hold();
    void go_on();
    [[nodiscard]] pid_t id() const { return process_.id(); }
    [[nodiscard]] bool has_ended();
    [[nodiscard]] ProcessUsage usage() const { return usage_of(id()); }

  private:
    base::ChildProcess process_;
    int stop_signal_;
};

/// Runs a program to its end; what it printed. Throws std::runtime_error, with that, unless it
/// exits 0 within a minute.
std::string run_to_end(Command command);

/// A folder that is gone when this object goes.
class TemporaryFolder {
  public:
    /// Makes it in `parent`. Throws std::runtime_error if that fails.
    explicit TemporaryFolder(const std::filesystem::path& parent);
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

/// A TCP port on the loopback that was free a moment ago.
[[nodiscard]] unsigned free_port();

}  // namespace cairn::bench
