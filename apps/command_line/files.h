#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace cairn::apps {

/// The whole of a file of at most `limit` octets. Throws std::runtime_error naming the file and the
/// reason.
[[nodiscard]] std::string read_file(const std::filesystem::path& path,
                                    std::size_t limit = std::size_t{1} << 20U);

/// Writes a file at once: under another name first, synced, then renamed over the old one, and the
/// folder synced. Throws std::runtime_error naming the file and the reason; then the file is as it
/// was, and nothing is left beside it, unless the message says that the folder could not be synced:
/// then the new file stands in its place and may be gone after a power cut.
void write_file(const std::filesystem::path& path, std::string_view content, unsigned mode);

/// Syncs the entries of a folder. Throws std::runtime_error naming it and the reason.
void sync_folder(const std::filesystem::path& folder);

}  // namespace cairn::apps
