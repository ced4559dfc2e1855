#include "bench/plot.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/child.h"

namespace cairn::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

LinePlot lines() {
    return {.title = "it's a_1 < b",
            .x_label = "clients",
            .y_label = "ms",
            .x_scale = PlotScale::logarithmic,
            .lines = {{"one", {{1, 2}, {256, 4}}}, {"none", {}}, {"two", {{1, 1}}}}};
}

TEST(LinePlot, TellsEachLineWithItsNameAndPoints) {
    const auto script = gnuplot_script(lines());
    EXPECT_THAT(script, HasSubstr("set title 'it''s a_1 < b'\n"));
    EXPECT_THAT(script, HasSubstr("$line0 << END\n1 2\n256 4\nEND\n"));
    EXPECT_THAT(script, HasSubstr("$line1 << END\n1 1\nEND\n"));
    EXPECT_THAT(script, HasSubstr("title 'two'"));
    EXPECT_THAT(script, Not(HasSubstr("none")));
    EXPECT_THAT(script, HasSubstr("set logscale x 2\nset xtics (1, 256)\n"));
}

TEST(BarPlot, LeavesOutWhatIsNegative) {
    const auto script = gnuplot_script(BarPlot{.title = "t",
                                               .y_label = "V",
                                               .groups = {"kept", "fresh"},
                                               .kinds = {{"floor", {8.3, -1}}, {"ca", {10, 12}}}});
    EXPECT_THAT(script, HasSubstr("\"kept\" 8.3 10\n\"fresh\" ? 12\n"));
    EXPECT_THAT(script, HasSubstr("title 'floor'"));
}

TEST(Plots, OfNothingAreNotDrawn) {
    EXPECT_EQ(gnuplot_script(LinePlot{}), "");
    EXPECT_EQ(gnuplot_script(BarPlot{}), "");
}

TEST(Plots, AreDrawnByGnuplot) {
    if (!has_gnuplot()) GTEST_SKIP() << "gnuplot is not installed";
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const auto file = folder.path() / "it's.svg";
    const auto drawn = [&] {
        std::ifstream stream(file);
        return std::string(std::istreambuf_iterator<char>(stream), {});
    };
    draw(gnuplot_script(lines()), file);
    EXPECT_THAT(drawn(), HasSubstr("it's a_1 &lt; b"));
    EXPECT_THAT(drawn(), HasSubstr("</svg>"));
    draw(gnuplot_script(BarPlot{.title = "t",
                                .y_label = "V",
                                .groups = {"kept", "fresh"},
                                .kinds = {{"floor", {8.3, -1}}, {"ca", {10, 12.5}}}}),
         file);
    EXPECT_THAT(drawn(), HasSubstr("12.5"));
    EXPECT_THAT(drawn(), HasSubstr("8.3"));
    EXPECT_THAT(drawn(), HasSubstr("fresh"));
    EXPECT_THROW(draw("plot nonsense nonsense", file), std::runtime_error);
}

}  // namespace
}  // namespace cairn::bench
