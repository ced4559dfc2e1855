#include "bench/plot.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "bench/child.h"

namespace cairn::bench {

namespace {

// Told apart by readers who see no colours as well: Okabe and Ito's palette.
constexpr std::array colours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                "#e69f00", "#56b4e9", "#000000"};

const char* colour_of(std::size_t index) {
    return colours[index % colours.size()];
}

/// A string of gnuplot's in which nothing has a meaning.
std::string quoted(const std::string& text) {
    std::string result = "'";
    for (const char c : text) {
        if (c == '\'') result += c;
        result += c == '\n' ? ' ' : c;
    }
    return result + "'";
}

/// What every plot has: a vertical axis from 0, its lines, the names below.
std::string beginning(const std::string& title, const std::string& y_label) {
    return fmt::format(
        "set terminal svg size 720,400 noenhanced font 'sans-serif,12' background '#ffffff'\n"
        "set title {}\nset ylabel {}\nset yrange [0:*]\nset grid ytics linecolor '#dddddd'\n"
        "set key below\nset datafile missing '?'\n",
        quoted(title), quoted(y_label));
}

}  // namespace

std::string gnuplot_script(const LinePlot& plot) {
    auto script = beginning(plot.title, plot.y_label);
    script += fmt::format("set xlabel {}\n", quoted(plot.x_label));
    std::set<double> places;
    std::vector<std::string> parts;
    for (const auto& line : plot.lines) {
        if (line.points.empty()) continue;
        const auto index = parts.size();
        script += fmt::format("$line{} << END\n", index);
        for (const auto& [x, y] : line.points) {
            script += fmt::format("{} {}\n", x, y);
            places.insert(x);
        }
        script += "END\n";
        constexpr std::size_t most_dots = 20;
        parts.push_back(fmt::format(
            "$line{} using 1:2 with {} linewidth 2 pointtype 7 pointsize 0.5 linecolor '{}' "
            "title {}",
            index, line.points.size() <= most_dots ? "linespoints" : "lines", colour_of(index),
            quoted(line.name)));
    }
    if (parts.empty()) return {};
    if (plot.x_scale == PlotScale::logarithmic)
        script += fmt::format("set logscale x 2\nset xtics ({})\n", fmt::join(places, ", "));
    return script + fmt::format("plot {}\n", fmt::join(parts, ", \\\n  "));
}

std::string gnuplot_script(const BarPlot& plot) {
    if (plot.kinds.empty() || plot.groups.empty()) return {};
    auto script = beginning(plot.title, plot.y_label);
    script +=
        "set style data histograms\nset style histogram clustered gap 1\n"
        "set style fill solid\nset boxwidth 0.92 relative\n$bars << END\n";
    for (std::size_t group = 0; group < plot.groups.size(); ++group) {
        script += "\"" + plot.groups[group] + "\"";
        for (const auto& kind : plot.kinds) {
            const double value = kind.values.at(group);
            script += value < 0 ? " ?" : fmt::format(" {}", value);
        }
        script += "\n";
    }
    script += "END\n";
    // Each bar has its value above it: gnuplot places bar i of n at i - (n - 1) / 2 bars' widths.
    const auto count = static_cast<double>(plot.kinds.size());
    std::vector<std::string> parts;
    for (std::size_t kind = 0; kind < plot.kinds.size(); ++kind) {
        const auto column = kind + 2;
        const double place = (static_cast<double>(kind) - (count - 1) / 2) / (count + 1);
        parts.push_back(fmt::format("$bars using {}:xticlabel(1) linecolor '{}' title {}", column,
                                    colour_of(kind), quoted(plot.kinds[kind].name)));
        parts.push_back(fmt::format(
            "$bars using ($0 + ({:.4f})):{}:(sprintf('%.1f', ${})) with labels offset 0,0.6 "
            "notitle",
            place, column, column));
    }
    return script + fmt::format("plot {}\n", fmt::join(parts, ", \\\n  "));
}

bool has_gnuplot() {
    try {
        run_to_end({.words = {"gnuplot", "--version"}});
        return true;
    } catch (const std::runtime_error&) {
        return false;
    }
}

void draw(const std::string& script, const std::filesystem::path& svg_file) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const auto file = folder.path() / "plot";
    std::ofstream(file) << "set output " << quoted(svg_file.string()) << "\n" << script;
    run_to_end({.words = {"gnuplot", file.string()}});
}

}  // namespace cairn::bench
