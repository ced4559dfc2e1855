#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace cairn {

/// What the last line of a terminal shows while work is under way.
struct StatusFrame {
    /// The step that is being taken: one line of printable text.
    std::string step;
    /// For how long.
    std::chrono::milliseconds elapsed{};
    /// How many of all jobs are done; no bar is shown for one alone.
    std::size_t settled = 0, all = 0;
    /// Counts the drawings, so that it is seen to move.
    unsigned int turn = 0;
};

/// The frame in at most `columns` - 1 columns, so that no terminal breaks it into two lines:
/// "| [####------] 4/10 a.example: Proving control of a.example by http-01. 3 s". Plain ASCII, as
/// the width of other characters is the terminal's secret.
[[nodiscard]] std::string drawn(const StatusFrame& frame, std::size_t columns);

/// What erases the line that the cursor is in, and returns to its beginning.
inline constexpr std::string_view erase_line = "\r\x1b[K";

/// Whether standard error is a terminal that understands `erase_line`.
[[nodiscard]] bool can_draw_on_errors();
/// The columns of the terminal that standard error is; 80 if it does not say.
[[nodiscard]] std::size_t columns_of_errors();

}  // namespace cairn
