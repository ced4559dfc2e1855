#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "bench/goals.h"

namespace cairn::bench {

struct Report {
    Findings findings;
    /// Names and values that describe the machine.
    std::vector<std::pair<std::string, std::string>> machine;
};

/// A picture of a report: what its file's name ends in, and what gnuplot is told to draw it.
struct Picture {
    std::string name, title, script;
};
/// Those for which there are enough measurements.
[[nodiscard]] std::vector<Picture> pictures_of(const Findings& findings);

/// The report as Markdown; `picture_prefix` stands before the pictures' names in links.
[[nodiscard]] std::string to_markdown(const Report& report, const std::string& picture_prefix);

/// Writes FILE.md and then, beside it, FILE-NAME.svg. Throws std::runtime_error if that fails.
void write_report(const Report& report, const std::filesystem::path& file);

}  // namespace cairn::bench
