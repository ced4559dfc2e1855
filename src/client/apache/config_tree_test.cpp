#include "client/apache/config_tree.h"

#include <gtest/gtest.h>

namespace cairn::client::apache::config_tree_test {
namespace {

ConfigTree tree_of(std::string text) {
    auto tree = ConfigTree::from_text(std::move(text));
    EXPECT_TRUE(tree.has_value()) << tree.error().message;
    return std::move(tree.value());
}

std::string error_of(std::string text) {
    const auto tree = ConfigTree::from_text(std::move(text));
    return tree ? "none" : tree.error().message;
}

TEST(ConfigTree, KeepsEveryOctet) {
    for (const char* text :
         {"", "\n", "# only a comment",
          "ServerName a\r\n\r\n<VirtualHost *:80>\r\n\t# c\r\n"
          "  servername  \"a b\" \\\r\n  c\r\n</virtualHOST>\r\n",
          "<IfModule mod_ssl.c>\n<VirtualHost _default_:443>\n</VirtualHost>\n</IfModule>",
          "A \\\n\\\n\\\nb\n", "A b\\", "\xff\xfe B\n"})
        EXPECT_EQ(tree_of(text).print(), text);
}

TEST(ConfigTree, JoinsLinesAsHttpdDoes) {
    const auto tree = tree_of("  ServerAlias a \\\n  b\\\r\nc\n# x \\\nServerName hidden\nLast\n");
    ASSERT_EQ(tree.nodes().size(), 3U);
    EXPECT_EQ(tree.nodes()[0].arguments, "a   bc");
    EXPECT_EQ(tree.nodes()[0].line, 1U);
    EXPECT_EQ(tree.text().substr(tree.nodes()[0].arguments_begin,
                                 tree.nodes()[0].arguments_end - tree.nodes()[0].arguments_begin),
              "a \\\n  b\\\r\nc");
    EXPECT_EQ(tree.nodes()[1].kind, ConfigNode::Kind::silent);
    EXPECT_EQ(tree.nodes()[2].name, "Last");
    EXPECT_EQ(tree.nodes()[2].line, 6U);
}

TEST(ConfigTree, KnowsWhereSectionsBegin) {
    const auto tree =
        tree_of("<If \"%{HTTP_HOST} > 'a'\">\n  A b\n</If>\n<RequireAll>\n</requireall>\n");
    ASSERT_EQ(tree.nodes().size(), 2U);
    const auto& section = tree.nodes()[0];
    EXPECT_EQ(section.name, "If");
    EXPECT_EQ(section.arguments, "\"%{HTTP_HOST} > 'a'\"");
    EXPECT_EQ(tree.text().substr(section.inner_begin, section.inner_end - section.inner_begin),
              "  A b\n");
    EXPECT_EQ(tree.indent_at(section.children.at(0).begin), "  ");
    EXPECT_TRUE(tree.nodes()[1].is_named("requireALL"));
}

TEST(ConfigTree, SplitsWordsAsHttpdDoes) {
    using Words = std::vector<std::string>;
    EXPECT_EQ(split_words(""), Words{});
    EXPECT_EQ(split_words("a  b\t'c d' \"e \\\" f\" \"\""), (Words{"a", "b", "c d", "e \" f", ""}));
    EXPECT_EQ(split_words("C:\\x \\\\y 'it\\'s' a\"b"), (Words{"C:\\x", "\\y", "it's", "a\"b"}));
    EXPECT_EQ(split_words("\"not closed"), Words{"not closed"});
    EXPECT_EQ(split_words(quoted_word("a \"b\" \\")), Words{"a \"b\" \\"});
}

TEST(ConfigTree, RefusesWhatHttpdRefuses) {
    EXPECT_EQ(error_of("\n<VirtualHost *:80>\nA\n"),
              "line 2: <VirtualHost> is not closed by </VirtualHost>");
    EXPECT_EQ(error_of("</VirtualHost>\n"), "line 1: </VirtualHost> closes nothing that is open");
    EXPECT_EQ(error_of("<VirtualHost *:80>\n<IfModule a>\n</VirtualHost>\n"),
              "line 3: </VirtualHost> where </IfModule> belongs, for line 2");
    EXPECT_EQ(error_of("<VirtualHost *:80\n</VirtualHost>\n"),
              "line 1: <VirtualHost has no \">\" at its end");
    EXPECT_EQ(error_of("<A>\n</A\n"), "line 2: </A has no \">\" at its end");
    EXPECT_EQ(error_of("< A>\n"), "line 1: \"<\" without the name of a section");
    EXPECT_EQ(error_of(std::string("A\nb\0\n", 5)), "line 2: an octet that is zero");
    std::string deep;
    for (int i = 0; i < 200; ++i) deep += "<A>\n";
    EXPECT_EQ(error_of(deep), "line 101: more than 100 sections in one another");
}

}  // namespace
}  // namespace cairn::client::apache::config_tree_test
