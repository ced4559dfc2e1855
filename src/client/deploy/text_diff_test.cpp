#include "client/deploy/text_diff.h"

#include <gtest/gtest.h>

namespace cairn::client::text_diff_test {
namespace {

std::string diff(std::string_view before, std::string_view after) {
    return unified_diff({"old", "new", before, after});
}

TEST(TextDiff, IsEmptyForOneText) {
    EXPECT_EQ(diff("", ""), "");
    EXPECT_EQ(diff("a\nb", "a\nb"), "");
}

TEST(TextDiff, ShowsThreeLinesAroundAChange) {
    EXPECT_EQ(diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
              "--- old\n+++ new\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST(TextDiff, PartsChangesThatAreFarApart) {
    EXPECT_EQ(
        diff("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "1\n2\n3\n4\n5\n6\n7\nb\nc\n"),
        "--- old\n+++ new\n@@ -1,4 +1,3 @@\n-a\n 1\n 2\n 3\n@@ -7,3 +6,4 @@\n 6\n 7\n b\n+c\n");
    EXPECT_EQ(diff("a\n1\n2\n3\n4\n5\nb\n", "1\n2\n3\n4\n5\nb\nc\n"),
              "--- old\n+++ new\n@@ -1,7 +1,7 @@\n-a\n 1\n 2\n 3\n 4\n 5\n b\n+c\n");
}

TEST(TextDiff, SaysWhereANewLineIsMissing) {
    EXPECT_EQ(diff("a", "a\n"),
              "--- old\n+++ new\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
    EXPECT_EQ(diff("", "a\r\n"), "--- old\n+++ new\n@@ -0,0 +1 @@\n+a\r\n");
    EXPECT_EQ(diff("a\n", ""), "--- old\n+++ new\n@@ -1 +0,0 @@\n-a\n");
}

TEST(TextDiff, FindsTheShortestWay) {
    EXPECT_EQ(diff("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n"),
              "--- old\n+++ new\n@@ -1,7 +1,6 @@\n-a\n-b\n c\n+b\n a\n b\n-b\n a\n+c\n");
}

TEST(TextDiff, ReplacesWhatDiffersTooMuch) {
    std::string before;
    std::string after;
    for (int i = 0; i < 1500; ++i) {
        before += "old " + std::to_string(i) + "\n";
        after += "new " + std::to_string(i) + "\n";
    }
    EXPECT_TRUE(
        diff(before, after).starts_with("--- old\n+++ new\n@@ -1,1500 +1,1500 @@\n-old 0\n"));
}

TEST(TextDiff, MergesChangesThatDoNotMeet) {
    EXPECT_EQ(merged_texts("1\n2\n3\n4\n", "1\nnew\n2\n3\n4\n", "1\n2\n3\nfour\n"),
              "1\nnew\n2\n3\nfour\n");
    EXPECT_EQ(merged_texts("1\n2\n3\n4\n", "2\n3\n4\n", "1\n2\n3\n"), "2\n3\n");
    EXPECT_EQ(merged_texts("1\n2\n", "1\nx\n", "1\nx\n"), "1\nx\n");
    EXPECT_EQ(merged_texts("1\n2\n", "1\nx\n", "1\ny\n"), std::nullopt);
    EXPECT_EQ(merged_texts("1\n2\n", "1\nx\n2\n", "1\ny\n2\n"), std::nullopt);
    EXPECT_EQ(merged_texts("1\n2\n3\n", "1\n", "1\n2\nx\n3\n"), std::nullopt);
    EXPECT_EQ(merged_texts("1", "1\n2", "1"), "1\n2");
}

}  // namespace
}  // namespace cairn::client::text_diff_test
