#include "apps/cairn/console.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <unistd.h>

namespace cairn {
namespace {

bool wants_colour() {
    const char* refusal = std::getenv("NO_COLOR");
    return (refusal == nullptr || *refusal == '\0') && ::isatty(STDERR_FILENO) == 1;
}

}  // namespace

Console::Console() : is_coloured_(wants_colour()) {}

void Console::write(std::string_view colour, std::string_view label, std::string_view text) {
    const std::scoped_lock lock(mutex_);
    if (is_coloured_ && !label.empty())
        fmt::print(stderr, "\x1b[{}m{}\x1b[0m{}\n", colour, label, text);
    else
        fmt::print(stderr, "{}{}\n", label, text);
}

void Console::say(std::string_view sentence) {
    write("", "", sentence);
}
void Console::warn(std::string_view sentence) {
    write("33", "warning: ", sentence);
}
void Console::fail(std::string_view text) {
    write("1;31", "error: ", text);
}

void Console::print(std::string_view data) {
    const std::scoped_lock lock(mutex_);
    fmt::print("{}\n", data);
    static_cast<void>(std::fflush(stdout));
}

void Console::print_table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (i == widths.size()) widths.push_back(0);
            widths[i] = std::max(widths[i], row[i].size());
        }
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i)
            line += i + 1 == row.size() ? row[i] : fmt::format("{:<{}}  ", row[i], widths[i]);
        print(line);
    }
}

}  // namespace cairn
