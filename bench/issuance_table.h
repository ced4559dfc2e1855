#pragma once

#include <string>
#include <vector>

#include "bench/scenario.h"

namespace cairn::bench {

/// A table of text: a head and rows of equally many cells.
struct TextTable {
    std::vector<std::string> head;
    std::vector<std::vector<std::string>> rows;
};
/// With columns of equal width, the first to the left, the others to the right.
[[nodiscard]] std::string to_plain(const TextTable& table);
/// As Markdown has it, aligned in the same way. Cells that hold "|" are escaped.
[[nodiscard]] std::string to_markdown(const TextTable& table);

/// One row for each measurement: rate, CPU time, V, ratio to the floor, latencies, memory, writes.
[[nodiscard]] TextTable issuance_table(const std::vector<Measurement>& measurements);

/// `value` with three significant digits, or more before the point.
[[nodiscard]] std::string figure(double value);

}  // namespace cairn::bench
