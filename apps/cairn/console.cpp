#include "apps/cairn/console.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "client/failure.h"

namespace cairn {
namespace {

bool wants_colour() {
    const char* refusal = std::getenv("NO_COLOR");
    return (refusal == nullptr || *refusal == '\0') && ::isatty(STDERR_FILENO) == 1;
}

}  // namespace

Console::Console() : output_(STDOUT_FILENO), errors_(STDERR_FILENO), is_coloured_(wants_colour()) {}

void Console::write(std::string_view colour, std::string_view label, std::string_view text) {
    const auto line = is_coloured_ && !label.empty()
                          ? fmt::format("\x1b[{}m{}\x1b[0m{}\n", colour, label, text)
                          : fmt::format("{}{}\n", label, text);
    const std::scoped_lock lock(mutex_);
    errors_.write(line, ReaderPatience::brief);
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

void Console::print(std::string_view data, Delivery delivery) {
    const auto line = fmt::format("{}\n", data);
    const std::scoped_lock lock(mutex_);
    if (delivery == Delivery::attempted) {
        output_.write(line, ReaderPatience::brief);
        return;
    }
    if (const int error = output_.write(line, ReaderPatience::endless); error != 0)
        throw client::Failure("print the answer", std::generic_category().message(error),
                              "mend what standard output leads to.");
}

void Console::print_table(const std::vector<std::vector<std::string>>& rows, Delivery delivery) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (i == widths.size()) widths.push_back(0);
            widths[i] = std::max(widths[i], row[i].size());
        }
    std::string table;
    for (const auto& row : rows) {
        if (!table.empty()) table += '\n';
        for (std::size_t i = 0; i < row.size(); ++i)
            table += i + 1 == row.size() ? row[i] : fmt::format("{:<{}}  ", row[i], widths[i]);
    }
    print(table, delivery);
}

}  // namespace cairn
