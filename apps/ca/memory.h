#pragma once

#include <cstddef>
#include <filesystem>

namespace cairn::apps {

/// The octets that this process may have: what the machine has, or less if a limit of the process
/// (RLIMIT_AS, RLIMIT_DATA) or of its control groups says so.
[[nodiscard]] std::size_t memory_allowance();

/// The least `memory.max` of the control group that `membership` names, as /proc/self/cgroup does,
/// and of those above it; `mount` is where control groups of version 2 are. Without a limit: the
/// most that a size can be.
[[nodiscard]] std::size_t control_group_limit(const std::filesystem::path& membership,
                                              const std::filesystem::path& mount);

}  // namespace cairn::apps
