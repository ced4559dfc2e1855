#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace cairn::apps {

/// Serves the perspective in `folder` until SIGTERM or SIGINT; then ends the questions under way.
/// Returns the exit code. Throws std::runtime_error, saying why, if it cannot start.
[[nodiscard]] int serve_perspective(const std::filesystem::path& folder,
                                    const std::vector<std::string>& overrides);

}  // namespace cairn::apps
