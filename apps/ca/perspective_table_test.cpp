#include "apps/ca/perspective_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::apps::perspective_table_test {
namespace {

using ::testing::HasSubstr;

Configuration::Perspective lon1() {
    return {.name = "lon1",
            .url = "https://va-lon1.internal:8443",
            .region = protocol::InternetRegistry::ripe};
}

TEST(PerspectiveTableTest, ComesAndGoesWithoutATrace) {
    for (const std::string before :
         {"", "a = 1\n", "# remark\n[server]\nlisten = [\n  \"127.0.0.1:1\",\n]\n",
          "[[perspective]]\nname = \"nyc1\"\nurl = \"https://x\"\nregion = \"ARIN\"\n",
          "[x]\r\na = 1\r\n"}) {
        const auto with = with_perspective(before, lon1());
        EXPECT_THAT(with,
                    HasSubstr("[[perspective]]\nname = \"lon1\"\n"
                              "url = \"https://va-lon1.internal:8443\"\nregion = \"RIPE\"\n"));
        const auto without = without_perspective(with, "lon1");
        ASSERT_TRUE(without) << without.error().message;
        EXPECT_EQ(*without, before);
    }
}

TEST(PerspectiveTableTest, OnlyTheTableIsTaken) {
    const auto rest = without_perspective(
        "[[perspective]]\nname = \"a\"\n\n"
        "  [[ perspective ]] # the second\nname = \"lon1\"\nurl = \"https://y\"\n# of z\n"
        "[z]\nlonely = true\n[[perspective]]\nname = \"c\"\n",
        "lon1");
    ASSERT_TRUE(rest) << rest.error().message;
    EXPECT_EQ(*rest,
              "[[perspective]]\nname = \"a\"\n# of z\n[z]\nlonely = true\n"
              "[[perspective]]\nname = \"c\"\n");
}

TEST(PerspectiveTableTest, WhatIsWrittenOtherwiseIsLeftToItsAuthor) {
    EXPECT_FALSE(without_perspective("a = 1\n", "lon1"));
    EXPECT_FALSE(without_perspective("perspective = [{ name = \"lon1\" }]\n", "lon1"));
    EXPECT_FALSE(
        without_perspective("text = '''\n[[perspective]]\n'''\n[[perspective]]\n"
                            "name = \"lon1\"\n",
                            "lon1"));
    EXPECT_FALSE(without_perspective("not toml", "lon1"));
}

}  // namespace
}  // namespace cairn::apps::perspective_table_test
