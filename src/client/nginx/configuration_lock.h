#pragma once

#include <filesystem>

#include "client/state_directory.h"

namespace cairn::client::nginx {

/// Waits until nobody else who uses this state changes the configuration with this main file.
/// Throws Failure.
[[nodiscard]] inline StateLock lock_configuration(const std::filesystem::path& state,
                                                  const std::filesystem::path& main_file,
                                                  Timer& timer) {
    constexpr std::chrono::milliseconds patience = std::chrono::minutes{5};
    return StateDirectory(state).lock_record_set("nginx " + main_file.string(), timer, patience);
}

}  // namespace cairn::client::nginx
