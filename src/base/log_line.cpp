#include "base/log_line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/enum_table.h"
#include "base/json_quoted.h"

namespace cairn::base {
namespace {

constexpr std::size_t usual_length = 512;

void append_value(std::string& line, std::string_view text) {
    append_json_quoted(line, text);
}
void append_value(std::string& line, bool truth) {
    line += truth ? "true" : "false";
}
void append_value(std::string& line, std::int64_t number) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    line.append(digits.data(), end);
}
void append_value(std::string& line, double number) {
    if (std::isfinite(number)) {
        fmt::format_to(std::back_inserter(line), "{}", number);
    } else {
        line += "null";
    }
}

constexpr EnumTable<LogLevel, std::string_view> level_words({
    {LogLevel::debug, "debug"},
    {LogLevel::info, "info"},
    {LogLevel::warning, "warning"},
    {LogLevel::error, "error"},
});

/// 2026-01-31T12:34:56.789Z.
void append_time(std::string& line, std::chrono::system_clock::time_point time) {
    const auto second = std::chrono::floor<Seconds>(time);
    append_date_and_time(line, second);
    const auto milliseconds =
        static_cast<unsigned>(std::chrono::floor<std::chrono::milliseconds>(time - second).count());
    line += '.';
    for (const unsigned place : {100U, 10U, 1U})
        line += static_cast<char>('0' + milliseconds / place % 10);
    line += 'Z';
}

std::string json_line(std::chrono::system_clock::time_point time, LogLevel level,
                      std::string_view event, std::initializer_list<LogField> fields) {
    std::string line;
    line.reserve(usual_length);
    line += R"({"time":")";
    append_time(line, time);
    line += R"(","level":")";
    line += to_string(level);
    line += R"(","event":)";
    append_json_quoted(line, event);
    for (const LogField& field : fields) {
        line += ',';
        append_json_quoted(line, field.name);
        line += ':';
        std::visit([&](const auto& value) { append_value(line, value); }, field.value);
    }
    line += "}\n";
    return line;
}

/// Whether `text` can stand without quotes and still be read as one value.
bool is_plain_word(std::string_view text) {
    return std::ranges::all_of(
        text, [](char c) { return c > ' ' && c < '\x7f' && c != '"' && c != '\\' && c != '='; });
}

/// `text` itself if it needs no quotes, else quoted.
void append_words(std::string& line, std::string_view text) {
    const bool is_plain =
        std::ranges::all_of(text, [](char c) { return c == ' ' || is_plain_word({&c, 1}); });
    if (is_plain) {
        line += text;
    } else {
        append_json_quoted(line, text);
    }
}

std::string text_line(std::chrono::system_clock::time_point time, LogLevel level,
                      std::string_view event, std::initializer_list<LogField> fields) {
    std::string line;
    line.reserve(usual_length);
    append_time(line, time);
    fmt::format_to(std::back_inserter(line), " {:7} ", to_string(level));
    append_words(line, event);
    for (const LogField& field : fields) {
        const auto* text = std::get_if<std::string_view>(&field.value);
        if (text != nullptr && text->empty()) continue;
        line += ' ';
        line += field.name;
        line += '=';
        if (text != nullptr && is_plain_word(*text)) {
            line += *text;
        } else {
            std::visit([&](const auto& value) { append_value(line, value); }, field.value);
        }
    }
    line += '\n';
    return line;
}

}  // namespace

std::string_view to_string(LogLevel level) {
    return level_words[level];
}

std::optional<LogLevel> log_level_from(std::string_view word) {
    return level_words.find(word);
}

std::string log_line(LogFormat format, std::chrono::system_clock::time_point time, LogLevel level,
                     std::string_view event, std::initializer_list<LogField> fields) {
    return format == LogFormat::text ? text_line(time, level, event, fields)
                                     : json_line(time, level, event, fields);
}

}  // namespace cairn::base
