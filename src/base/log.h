#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace cairn::base {

/// One named value of a log line. Texts are not copied; they must stay valid until the call that
/// takes the field returns.
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

/// A structured log: a line has `time`, `level`, `event` and the given fields. Text from peers is
/// escaped; callers never pass secrets. Thread-safe. A thread of its own writes; lines below
/// `warning` are gathered for some milliseconds. No caller waits: if more than a mebibyte cannot be
/// written, further lines are lost, and a line `log lines lost` says later how many.
class Log {
  public:
    virtual ~Log() = default;
    virtual void write(LogLevel level, std::string_view event,
                       std::initializer_list<LogField> fields) = 0;
    /// Waits until everything logged so far is written, `flush_patience` at most.
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
/// The format of a log at `path` if none was chosen: text if it is standard error and that is a
/// terminal, else json.
[[nodiscard]] LogFormat usual_log_format(const std::string& path);
/// A log that drops everything.
[[nodiscard]] std::unique_ptr<Log> silent_log();

}  // namespace cairn::base
