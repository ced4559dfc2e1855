#include "bench/plot.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace cairn::bench {

namespace {

constexpr double width = 720, height = 400;
constexpr double left = 70, right = 700, top = 50, bottom = 300;
// Told apart by readers who see no colours as well: Okabe and Ito's palette.
constexpr std::array colours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                "#e69f00", "#56b4e9", "#000000"};

std::string escaped(const std::string& text) {
    std::string safe;
    for (const char c : text) {
        if (c == '<')
            safe += "&lt;";
        else if (c == '&')
            safe += "&amp;";
        else
            safe += c;
    }
    return safe;
}

std::string text_at(double x, double y, const char* anchor, const std::string& text) {
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y,
                       anchor, escaped(text));
}

const char* colour_of(std::size_t index) {
    return colours[index % colours.size()];
}

/// The frame that every plot has, with a linear vertical axis from 0.
class Canvas {
  public:
    Canvas(const std::string& title, const std::string& y_label, double highest)
        : ticks_(axis_ticks(highest)) {
        svg_ = fmt::format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
            "height=\"{1}\" font-family=\"sans-serif\" font-size=\"12\">\n"
            "<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
            width, height);
        svg_ += fmt::format(
            "<text x=\"{}\" y=\"24\" text-anchor=\"middle\" font-size=\"15\">{}"
            "</text>\n",
            width / 2, escaped(title));
        for (const double tick : ticks_) {
            svg_ += fmt::format(
                "<line x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" "
                "stroke=\"#dddddd\"/>\n",
                left, right, y(tick));
            svg_ += text_at(left - 6, y(tick) + 4, "end", fmt::format("{:g}", tick));
        }
        svg_ += fmt::format(
            "<text transform=\"translate(18 {}) rotate(-90)\" "
            "text-anchor=\"middle\">{}</text>\n",
            (top + bottom) / 2, escaped(y_label));
    }

    [[nodiscard]] double y(double value) const {
        return bottom - value / ticks_.back() * (bottom - top);
    }
    void add(const std::string& element) { svg_ += element; }

    /// Under the plot, in rows of three.
    [[nodiscard]] std::string finish(const std::vector<std::string>& names) {
        constexpr std::size_t columns = 3;
        for (std::size_t i = 0; i < names.size(); ++i) {
            const double x = left + static_cast<double>(i % columns) * (right - left) / columns;
            const double row = bottom + 55 + static_cast<double>(i / columns) * 18;
            svg_ += fmt::format(
                "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"12\" height=\"12\" "
                "fill=\"{}\"/>\n",
                x, row - 10, colour_of(i));
            svg_ += text_at(x + 18, row, "start", names[i]);
        }
        return svg_ + "</svg>\n";
    }

  private:
    std::vector<double> ticks_;
    std::string svg_;
};

/// Where a value stands on the horizontal axis.
class Abscissa {
  public:
    explicit Abscissa(const LinePlot& plot) : scale_(plot.x_scale) {
        for (const auto& line : plot.lines) {
            for (const auto& [x, y] : line.points) {
                lowest_ = std::min(lowest_, scaled(x));
                highest_ = std::max(highest_, scaled(x));
                if (std::ranges::find(values_, x) == values_.end()) values_.push_back(x);
            }
        }
        std::ranges::sort(values_);
    }
    [[nodiscard]] double operator()(double value) const {
        if (highest_ <= lowest_) return (left + right) / 2;
        constexpr double margin = 15;
        return left + margin +
               (scaled(value) - lowest_) / (highest_ - lowest_) * (right - left - 2 * margin);
    }
    /// Where labels stand: at each value on a logarithmic axis, else at round numbers.
    [[nodiscard]] std::vector<double> labels() const {
        if (scale_ == PlotScale::logarithmic || values_.empty()) return values_;
        auto ticks = axis_ticks(values_.back());
        std::erase_if(
            ticks, [this](double tick) { return tick < values_.front() || tick > values_.back(); });
        return ticks;
    }

  private:
    [[nodiscard]] double scaled(double value) const {
        return scale_ == PlotScale::logarithmic ? std::log2(std::max(value, 1e-9)) : value;
    }
    PlotScale scale_;
    double lowest_ = 1e300, highest_ = -1e300;
    std::vector<double> values_;
};

}  // namespace

std::vector<double> axis_ticks(double highest) {
    if (!(highest > 0) || !std::isfinite(highest)) highest = 1;
    constexpr double wanted_steps = 4;
    const double rough = highest / wanted_steps;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    double step = power;
    for (const double factor : {1.0, 2.0, 2.5, 5.0})
        if (factor * power <= rough) step = factor * power;
    std::vector<double> ticks{0};
    while (ticks.back() < highest * 0.999999)
        ticks.push_back(step * static_cast<double>(ticks.size()));
    return ticks;
}

std::string to_svg(const LinePlot& plot) {
    double highest = 0;
    for (const auto& line : plot.lines)
        for (const auto& [x, y] : line.points) highest = std::max(highest, y);
    Canvas canvas(plot.title, plot.y_label, highest);
    const Abscissa abscissa(plot);
    for (const double value : abscissa.labels())
        canvas.add(text_at(abscissa(value), bottom + 16, "middle", fmt::format("{:g}", value)));
    canvas.add(text_at((left + right) / 2, bottom + 34, "middle", plot.x_label));

    std::vector<std::string> names;
    for (std::size_t i = 0; i < plot.lines.size(); ++i) {
        std::string path, dots;
        for (const auto& [x, y] : plot.lines[i].points) {
            path += fmt::format("{:.1f},{:.1f} ", abscissa(x), canvas.y(y));
            dots += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"/>\n",
                                abscissa(x), canvas.y(y), colour_of(i));
        }
        canvas.add(
            fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" "
                        "stroke-width=\"2\"/>\n",
                        path, colour_of(i)));
        constexpr std::size_t most_dots = 20;
        if (plot.lines[i].points.size() <= most_dots) canvas.add(dots);
        names.push_back(plot.lines[i].name);
    }
    return canvas.finish(names);
}

std::string to_svg(const BarPlot& plot) {
    double highest = 0;
    for (const auto& kind : plot.kinds)
        for (const double value : kind.values) highest = std::max(highest, value);
    Canvas canvas(plot.title, plot.y_label, highest);
    const double group_width =
        (right - left) / static_cast<double>(std::max<std::size_t>(plot.groups.size(), 1));
    const double bar_width =
        group_width * 0.8 / static_cast<double>(std::max<std::size_t>(plot.kinds.size(), 1));
    for (std::size_t group = 0; group < plot.groups.size(); ++group) {
        const double begin = left + static_cast<double>(group) * group_width;
        canvas.add(text_at(begin + group_width / 2, bottom + 16, "middle", plot.groups[group]));
        for (std::size_t kind = 0; kind < plot.kinds.size(); ++kind) {
            const double value = plot.kinds[kind].values.at(group);
            if (value < 0) continue;
            const double x = begin + group_width * 0.1 + static_cast<double>(kind) * bar_width;
            canvas.add(fmt::format(
                "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
                "height=\"{:.1f}\" fill=\"{}\"/>\n",
                x, canvas.y(value), bar_width * 0.92, bottom - canvas.y(value), colour_of(kind)));
            canvas.add(text_at(x + bar_width / 2, canvas.y(value) - 4, "middle",
                               fmt::format("{:.1f}", value)));
        }
    }
    std::vector<std::string> names;
    for (const auto& kind : plot.kinds) names.push_back(kind.name);
    return canvas.finish(names);
}

}  // namespace cairn::bench
