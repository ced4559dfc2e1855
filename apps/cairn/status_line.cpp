#include "apps/cairn/status_line.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace cairn {
namespace {

constexpr std::size_t usual_columns = 80;
constexpr std::size_t narrowest_with_bar = 50;
constexpr std::size_t bar_width = 10;
constexpr std::string_view spinner = "|/-\\";
/// A step that takes no longer needs no clock.
constexpr std::chrono::seconds silent_time{2};

/// One column for each character, whatever bytes it has.
std::string plain(std::string_view text) {
    std::string result;
    for (const char character : text) {
        const auto octet = static_cast<unsigned char>(character);
        const bool continues = (octet & 0xC0U) == 0x80U;
        if (continues) continue;
        result += octet < 0x20 || octet >= 0x7F ? '?' : character;
    }
    return result;
}

std::string bar_of(const StatusFrame& frame) {
    const auto full = std::min(frame.settled, frame.all) * bar_width / frame.all;
    return fmt::format("[{}{}] ", std::string(full, '#'), std::string(bar_width - full, '-'));
}

}  // namespace

std::string drawn(const StatusFrame& frame, std::size_t columns) {
    if (columns < 2) return {};
    const auto room = columns - 1;
    std::string head(1, spinner[frame.turn % spinner.size()]);
    head += ' ';
    if (frame.all > 1) {
        if (columns >= narrowest_with_bar) head += bar_of(frame);
        head += fmt::format("{}/{} ", frame.settled, frame.all);
    }
    std::string tail;
    if (frame.elapsed >= silent_time)
        tail = fmt::format(" {} s",
                           std::chrono::duration_cast<std::chrono::seconds>(frame.elapsed).count());
    auto step = plain(frame.step.substr(0, frame.step.find('\n')));
    const auto taken = head.size() + tail.size();
    if (taken >= room) return (head + step).substr(0, room);
    if (step.size() > room - taken) {
        step.resize(room - taken);
        if (step.size() > 3) step.replace(step.size() - 3, 3, "...");
    }
    return head + step + tail;
}

bool can_draw_on_errors() {
    const char* terminal = std::getenv("TERM");
    return ::isatty(STDERR_FILENO) == 1 && terminal != nullptr && *terminal != '\0' &&
           std::string_view(terminal) != "dumb";
}

std::size_t columns_of_errors() {
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return usual_columns;
    return size.ws_col;
}

}  // namespace cairn
