#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"

namespace cairn::base {

/// How long `Log::flush` and the destructor wait for a log that cannot be written to.
inline constexpr std::chrono::seconds flush_patience{1};

/// The same as `open_log`; `on_lost` is called for each lost line, by the thread that logged it. It
/// must neither wait nor throw.
[[nodiscard]] std::unique_ptr<Log> open_log(const std::string& path, LogLevel threshold,
                                            LogFormat format, std::function<void()> on_lost);

/// Writes the last words of a program to standard error. Waits a second at most for room there, and
/// then gives up.
void write_last_words(std::string_view text) noexcept;

}  // namespace cairn::base
