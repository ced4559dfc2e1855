#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"

namespace cairn::base {

/// "debug", "info", "warning", "error".
[[nodiscard]] std::string_view to_string(LogLevel level);
/// The reverse; nothing for another word.
[[nodiscard]] std::optional<LogLevel> log_level_from(std::string_view word);

/// One line of a log, with its line end. Text from peers is escaped in both formats, so that a line
/// stays one line and no control sequence reaches a terminal.
///
/// json: an object with `time`, `level`, `event` and the fields.
/// text: the time, the level, the event, then NAME=VALUE for each field that is not empty; a value
/// is quoted as in JSON unless it is one plain word.
[[nodiscard]] std::string log_line(LogFormat format, std::chrono::system_clock::time_point time,
                                   LogLevel level, std::string_view event,
                                   std::initializer_list<LogField> fields);

}  // namespace cairn::base
