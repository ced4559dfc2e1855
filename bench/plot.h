#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace cairn::bench {

/// A line through points.
struct PlotLine {
    std::string name;
    std::vector<std::pair<double, double>> points;
};
enum class PlotScale { linear, logarithmic };

struct LinePlot {
    std::string title, x_label, y_label;
    PlotScale x_scale = PlotScale::linear;
    std::vector<PlotLine> lines;
};
/// Bars side by side: in each group one of each kind.
struct BarPlot {
    std::string title, y_label;
    std::vector<std::string> groups;
    struct Kind {
        std::string name;
        std::vector<double> values;  ///< one for each group; negative: no bar
    };
    std::vector<Kind> kinds;
};

/// What gnuplot is told to draw it; empty if there is nothing to draw.
[[nodiscard]] std::string gnuplot_script(const LinePlot& plot);
[[nodiscard]] std::string gnuplot_script(const BarPlot& plot);

/// Whether there is a gnuplot that runs.
[[nodiscard]] bool has_gnuplot();

/// Has gnuplot draw an SVG file. Throws std::runtime_error, with what gnuplot said, if that fails.
void draw(const std::string& script, const std::filesystem::path& svg_file);

}  // namespace cairn::bench
