#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace cairn::bench {

/// What the figures were measured on, as name and value: time, processors, memory, kernel,
/// cryptography, file system of `work_folder`, versions of the peers.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> describe_machine(
    const std::filesystem::path& work_folder);

/// The name of the file system that `folder` is on, as /proc/mounts tells ("ext4").
[[nodiscard]] std::string file_system_of(const std::filesystem::path& folder,
                                         const std::string& mounts);

}  // namespace cairn::bench
