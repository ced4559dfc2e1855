#include "bench/issuance_table.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::bench {
namespace {

TEST(TextTable, PlainColumnsAreAligned) {
    EXPECT_EQ(to_plain({.head = {"name", "V"}, .rows = {{"a", "1.00"}, {"longer", "20"}}}),
              "name       V\n"
              "a       1.00\n"
              "longer    20\n");
}

TEST(TextTable, MarkdownEscapesBars) {
    EXPECT_EQ(to_markdown({.head = {"name", "V"}, .rows = {{"a|b", "1"}}}),
              "| name | V |\n|---|---:|\n| a\\|b | 1 |\n");
}

TEST(Figure, HasThreeDigits) {
    EXPECT_EQ(figure(0), "0.00");
    EXPECT_EQ(figure(0.1234), "0.12");
    EXPECT_EQ(figure(9.999), "10.0");
    EXPECT_EQ(figure(12.34), "12.3");
    EXPECT_EQ(figure(99.96), "100");
    EXPECT_EQ(figure(1234.5), "1234");
    EXPECT_EQ(figure(-12.34), "-12.3");
    EXPECT_EQ(figure(std::numeric_limits<double>::infinity()), "-");
}

TEST(IssuanceTable, MarksWhatDidNotComplete) {
    Measurement stuck;
    stuck.complete = false;
    const auto table = issuance_table({Measurement{}, stuck});
    ASSERT_EQ(table.rows.size(), 2U);
    EXPECT_EQ(table.rows[0].size(), table.head.size());
    EXPECT_THAT(table.rows[0][0], ::testing::Not(::testing::HasSubstr("(!)")));
    EXPECT_THAT(table.rows[1][0], ::testing::HasSubstr("(!)"));
}

}  // namespace
}  // namespace cairn::bench
