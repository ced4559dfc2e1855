#pragma once

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

/// An SVG file that needs nothing else: no scripts, no fonts but the reader's own.
[[nodiscard]] std::string to_svg(const LinePlot& plot);
[[nodiscard]] std::string to_svg(const BarPlot& plot);

/// Round numbers from 0 to at least `highest`, four to eight of them.
[[nodiscard]] std::vector<double> axis_ticks(double highest);

}  // namespace cairn::bench
