#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "base/result.h"

namespace cairn::base {

/// A program that was started: the first of a process group of its own, with no signal blocked or
/// ignored, and no file open but the three. Used by one thread.
class ChildProcess {
  public:
    /// Variables for the program: name and value.
    using Environment = std::vector<std::pair<std::string, std::string>>;

    /// Starts `program` (sought in PATH if there is no slash in it). No shell comes between:
    /// arguments and values reach it as they are. Standard output goes to the descriptor `output`,
    /// standard error to `errors`, or to `output` too if there is none, and standard input is read
    /// from `input`, or is empty if that is negative. `additions` replace variables of this
    /// process; each name once. The error says why it could not be started.
    [[nodiscard]] static Result<ChildProcess> start(const std::filesystem::path& program,
                                                    const std::vector<std::string>& arguments,
                                                    const Environment& additions, int output,
                                                    std::optional<int> errors = std::nullopt,
                                                    int input = -1);
    /// Kills the whole group and waits, unless the end was seen.
    ~ChildProcess();
    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&&) = delete;

    [[nodiscard]] pid_t id() const { return id_; }
    /// If it has ended: its exit status, or 128 and the number of the signal that ended it.
    [[nodiscard]] std::optional<int> ended();
    /// To the program alone; nothing happens if it has ended.
    void signal(int number);
    /// To the program and what it started.
    void signal_group(int number);
    /// Waits until it has stopped by a signal; false if it has ended instead.
    [[nodiscard]] bool wait_until_stopped();
    /// Kills the group and waits for the program.
    void kill();

  private:
    explicit ChildProcess(pid_t id) : id_(id) {}
    void note_end(int wait_status);

    pid_t id_;
    std::optional<int> status_;
};

}  // namespace cairn::base
