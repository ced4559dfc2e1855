#include "apps/cairn/status_line.h"

#include <gtest/gtest.h>

namespace cairn::status_line_test {
namespace {

using namespace std::chrono_literals;

TEST(StatusLine, ShowsTheStepAndHowLongItTakes) {
    EXPECT_EQ(drawn({.step = "Ordering."}, 80), "| Ordering.");
    EXPECT_EQ(drawn({.step = "Ordering.", .elapsed = 3400ms, .turn = 1}, 80), "/ Ordering. 3 s");
}

TEST(StatusLine, ShowsABarForSeveralJobs) {
    EXPECT_EQ(drawn({.step = "a: Ordering.", .settled = 4, .all = 10}, 80),
              "| [####------] 4/10 a: Ordering.");
    EXPECT_EQ(drawn({.step = "a: Ordering.", .settled = 10, .all = 10, .turn = 3}, 80),
              "\\ [##########] 10/10 a: Ordering.");
    EXPECT_EQ(drawn({.step = "a: Ordering.", .settled = 0, .all = 1}, 80), "| a: Ordering.");
    EXPECT_EQ(drawn({.step = "Ordering.", .settled = 4, .all = 10}, 30), "| 4/10 Ordering.");
}

TEST(StatusLine, NeverFillsALine) {
    const StatusFrame frame{.step = std::string(500, 'x'), .elapsed = 12s, .settled = 1, .all = 9};
    for (std::size_t columns = 0; columns < 200; ++columns)
        EXPECT_LT(drawn(frame, columns).size(), std::max<std::size_t>(columns, 1)) << columns;
    EXPECT_TRUE(drawn(frame, 60).ends_with("xxx... 12 s")) << drawn(frame, 60);
}

TEST(StatusLine, IsOneLineOfAsciiWhateverItTells) {
    EXPECT_EQ(drawn({.step = "caf\xC3\xA9 \x1b[2J\tx\nsecond line"}, 80), "| caf? ?[2J?x");
}

}  // namespace
}  // namespace cairn::status_line_test
