#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace cairn::bench {

/// The words before a command that make strace note each fsync and fdatasync of it in `file`. It
/// filters in the kernel, so that other system calls run undisturbed.
[[nodiscard]] std::vector<std::string> trace_command(const std::string& file);

/// How many calls a trace holds that began between two moments, in seconds of the Unix epoch.
[[nodiscard]] std::size_t count_syncs(const std::string& trace, double begun, double ended);

}  // namespace cairn::bench
