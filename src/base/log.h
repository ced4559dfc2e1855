#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace cairn::base {

/// One named value of a log line. Texts are not copied: they live at the caller's until the call
/// that they are passed to returns.
struct LogField {
    using Value = std::variant<std::string_view, std::int64_t, double, bool>;
    std::string_view name;
    Value value;

    LogField(std::string_view field, std::string_view text) : name(field), value(text) {}
    LogField(std::string_view field, const std::string& text)
        : name(field), value(std::string_view(text)) {}
    LogField(std::string_view field, const char* text)
        : name(field), value(std::string_view(text)) {}
    LogField(std::string_view field, bool truth) : name(field), value(truth) {}
    LogField(std::string_view field, double number) : name(field), value(number) {}
    template <std::integral Integer>
        requires(!std::same_as<Integer, bool>)
    LogField(std::string_view field, Integer number)
        : name(field), value(static_cast<std::int64_t>(number)) {}
};

enum class LogLevel { debug, info, warning, error };

/// json: for programs; text: for people (base/log_line.h).
enum class LogFormat { json, text };

/// A structured log: a line has `time`, `level`, `event` and the given fields.
/// Text from peers is escaped; secrets are never passed to it. Thread-safe. A thread of its own
/// writes, lines below `warning` some milliseconds later with others. Nobody waits for it: beyond a
/// mebibyte that cannot be written, lines are lost, and `log.lost` says how many once it can be.
class Log {
  public:
    virtual ~Log() = default;
    virtual void write(LogLevel level, std::string_view event,
                       std::initializer_list<LogField> fields) = 0;
    /// Waits until everything written so far is out, `flush_patience` at most.
    virtual void flush() = 0;

    void debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
        write(LogLevel::debug, event, fields);
    }
    void info(std::string_view event, std::initializer_list<LogField> fields = {}) {
        write(LogLevel::info, event, fields);
    }
    void warning(std::string_view event, std::initializer_list<LogField> fields = {}) {
        write(LogLevel::warning, event, fields);
    }
    void error(std::string_view event, std::initializer_list<LogField> fields = {}) {
        write(LogLevel::error, event, fields);
    }
};

/// A log that writes to `path`, or to standard error if `path` is "-", from `threshold` upwards.
/// Throws std::runtime_error if the file cannot be opened.
[[nodiscard]] std::unique_ptr<Log> open_log(const std::string& path, LogLevel threshold,
                                            LogFormat format = LogFormat::json);
/// The format for a log at `path` where none was chosen: text if that is standard error and a
/// terminal, else json.
[[nodiscard]] LogFormat usual_log_format(const std::string& path);
/// A log that drops everything.
[[nodiscard]] std::unique_ptr<Log> silent_log();

}  // namespace cairn::base
