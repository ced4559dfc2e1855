#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "client/timer.h"

namespace cairn::client {

/// What becomes of a program's standard error.
enum class ErrorOutput {
    together,  ///< it stands among the output
    apart      ///< it is kept beside the output, which is data
};

/// A program to run. No shell comes between: arguments and values reach it as they are.
struct ChildProgram {
    std::filesystem::path path;
    std::vector<std::string> arguments;
    /// Variables besides those of this process; each name once.
    std::vector<std::pair<std::string, std::string>> environment;
    std::chrono::milliseconds deadline = std::chrono::minutes{5};
    ErrorOutput errors = ErrorOutput::together;
    /// What it finds at its standard input.
    std::string input{};
};

struct ChildResult {
    /// The exit status, or 128 and the number of the signal that ended it.
    int status = 0;
    /// The end of what it wrote to standard output and standard error, a few KiB at most; if they
    /// are kept apart, of standard output, 64 KiB at most.
    std::string output;
    /// The end of what it wrote to standard error, if that is kept apart.
    std::string errors{};
};

/// Runs a program in a process group of its own and waits for it. Beyond the
/// deadline, and when the run is asked to stop, the whole group is killed. The error says why the
/// program could not be started or did not end, and then what it wrote last, if that is no data.
[[nodiscard]] base::Result<ChildResult> run_program(const ChildProgram& program, Timer& timer);

/// The absolute path of a program that a user named; an error if there is none that may be run.
[[nodiscard]] base::Result<std::filesystem::path> program_path(std::string_view text);

}  // namespace cairn::client
