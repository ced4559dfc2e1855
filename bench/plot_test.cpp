#include "bench/plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(AxisTicks, AreRoundAndReachTheHighest) {
    EXPECT_THAT(axis_ticks(10), ElementsAre(0, 2.5, 5, 7.5, 10));
    EXPECT_THAT(axis_ticks(8), ElementsAre(0, 2, 4, 6, 8));
    EXPECT_THAT(axis_ticks(0), ElementsAre(0, 0.25, 0.5, 0.75, 1));
    for (const double highest : {0.013, 1.0, 37.0, 99.0, 101.0, 4321.0}) {
        const auto ticks = axis_ticks(highest);
        EXPECT_GE(ticks.back(), highest * 0.999);
        EXPECT_GE(ticks.size(), 4U);
        EXPECT_LE(ticks.size(), 9U);
    }
}

TEST(LinePlot, DrawsEachLineWithItsName) {
    const auto svg = to_svg(LinePlot{.title = "a < b & c",
                                     .x_label = "clients",
                                     .y_label = "ms",
                                     .x_scale = PlotScale::logarithmic,
                                     .lines = {{"one", {{1, 2}, {256, 4}}}, {"two", {{1, 1}}}}});
    EXPECT_THAT(svg, HasSubstr("a &lt; b &amp; c"));
    EXPECT_THAT(svg, HasSubstr(">one</text>"));
    EXPECT_THAT(svg, HasSubstr(">two</text>"));
    EXPECT_THAT(svg, HasSubstr(">256</text>"));
    // The highest value at the top, the first point at the left.
    EXPECT_THAT(svg, HasSubstr("points=\"85.0,175.0 685.0,50.0 \""));
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

TEST(BarPlot, LeavesOutWhatIsNegative) {
    const auto svg = to_svg(BarPlot{.title = "t",
                                    .y_label = "V",
                                    .groups = {"kept", "fresh"},
                                    .kinds = {{"floor", {8.3, -1}}, {"cairn", {10, 12.5}}}});
    EXPECT_THAT(svg, HasSubstr(">8.3</text>"));
    EXPECT_THAT(svg, HasSubstr(">12.5</text>"));
    EXPECT_THAT(svg, Not(HasSubstr(">-1.0</text>")));
}

TEST(Plots, OfNothingAreWhole) {
    EXPECT_THAT(to_svg(LinePlot{}), HasSubstr("</svg>"));
    EXPECT_THAT(to_svg(BarPlot{}), HasSubstr("</svg>"));
}

}  // namespace
}  // namespace cairn::bench
