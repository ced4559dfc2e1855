#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace cairn::apps {

/// The keys in a file, by which clients of an API tell who they are: one on a line, each of 16 to
/// 512 printable characters without blanks; lines that begin with # are remarks. At least one.
/// Throws std::runtime_error naming the file and the reason, also if others than its owner and
/// group may read it.
[[nodiscard]] std::vector<std::string> read_api_keys(const std::filesystem::path& file);

}  // namespace cairn::apps
