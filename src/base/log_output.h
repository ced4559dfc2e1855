#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"

namespace cairn::base {

/// How long `Log::flush` waits for a log that cannot be written to, and so does its destructor.
inline constexpr std::chrono::seconds flush_patience{1};

/// As `open_log` without it; and `on_lost` is called for each line that is lost, by whoever wrote
/// it. It neither waits nor throws.
[[nodiscard]] std::unique_ptr<Log> open_log(const std::string& path, LogLevel threshold,
                                            LogFormat format, std::function<void()> on_lost);

/// Writes the last words of a program to standard error. Waits a second at most for room there, and
/// gives up then: nobody reads it.
void write_last_words(std::string_view text) noexcept;

}  // namespace cairn::base
