#include "client/nginx/syntax_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client::nginx::syntax_tree_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> words_of(std::string_view text) {
    const auto tree = SyntaxTree::parse(text);
    std::vector<std::string> words;
    if (!tree || tree->directives().size() != 1) return {tree ? "not one" : tree.error().message};
    for (const auto& word : tree->directives().front().words) words.push_back(word.value);
    return words;
}
std::string error_of(std::string_view text) {
    const auto tree = SyntaxTree::parse(text);
    return tree ? "" : tree.error().message;
}

TEST(NginxSyntaxTree, SplitsWordsAsNginxDoes) {
    EXPECT_THAT(words_of("listen 80;"), ElementsAre("listen", "80"));
    EXPECT_THAT(words_of("return 200 \"a b;{}\";"), ElementsAre("return", "200", "a b;{}"));
    EXPECT_THAT(words_of("x 'a\"b' \"c'd\";"), ElementsAre("x", "a\"b", "c'd"));
    EXPECT_THAT(words_of("x ${a}b \"${c}\" $d;"), ElementsAre("x", "${a}b", "${c}", "$d"));
    EXPECT_THAT(words_of("x a\\ b \\;c \\t\\n\\\"\\'\\\\\\d;"),
                ElementsAre("x", "a\\ b", "\\;c", "\t\n\"'\\\\d"));
    EXPECT_THAT(words_of("x a\"b c\" d#e;"), ElementsAre("x", "a\"b", "c\"", "d#e"));
    EXPECT_THAT(words_of("x # y;\r\n z;"), ElementsAre("x", "z"));
    EXPECT_THAT(words_of("if (\"$a\" = 'b') { }"), ElementsAre("if", "(\"$a\"", "=", "b", ")"));
    EXPECT_THAT(words_of("x ~^\\d+}$;"), ElementsAre("x", "~^\\d+}$"));
    EXPECT_THAT(words_of("server_name \"\";"), ElementsAre("server_name", ""));
}

TEST(NginxSyntaxTree, KnowsWhereEverythingStands) {
    const std::string_view text = "a;\n# c\nhttp { server { listen 80; }\n}\n";
    const auto tree = SyntaxTree::parse(text);
    ASSERT_TRUE(tree);
    ASSERT_EQ(tree->directives().size(), 2U);
    const auto& http = tree->directives()[1];
    EXPECT_EQ(text.substr(http.begin, http.end - http.begin), "http { server { listen 80; }\n}");
    const auto& server = http.children.front();
    EXPECT_EQ(text.substr(server.open, server.close - server.open + 1), "{ listen 80; }");
    const auto& word = server.children.front().words[1];
    EXPECT_EQ(text.substr(word.begin, word.end - word.begin), "80");
}

TEST(NginxSyntaxTree, LeavesLuaAlone) {
    const auto tree = SyntaxTree::parse(
        "content_by_lua_block {\n"
        "  -- a } here, --[==[ and\n"
        "  --[==[ } ]] } ]==]\n"
        "  local t = { a = \"}\\\"\", b = '}', c = [[ } ]], d = t[1] }\n"
        "}\nset_by_lua_block $x { return \"}\" } y;");
    ASSERT_TRUE(tree);
    ASSERT_EQ(tree->directives().size(), 3U);
    EXPECT_EQ(tree->directives()[0].body, Directive::Body::lua);
    EXPECT_EQ(tree->directives()[1].parameter(1), "$x");
    EXPECT_EQ(tree->directives()[2].name(), "y");
}

TEST(NginxSyntaxTree, SaysInWhichLineItIsWrong) {
    EXPECT_EQ(error_of("a;\nb }"), "line 2: unexpected \"}\"; is a \";\" missing before it?");
    EXPECT_EQ(error_of("a;\n}\n"), "line 2: unexpected \"}\"");
    EXPECT_EQ(error_of("a;\n;"), "line 2: unexpected \";\"");
    EXPECT_EQ(error_of("\n{ }"), "line 2: unexpected \"{\"");
    EXPECT_THAT(error_of("http {\n a;\n"), HasSubstr("line 1: this block is not closed"));
    EXPECT_THAT(error_of("a;\nlisten 80\n"), HasSubstr("line 2: \"listen\" has no \";\""));
    EXPECT_THAT(error_of("a \"b;\n"), HasSubstr("quotation is not closed"));
    EXPECT_THAT(error_of("a \"b\"c;\n"), HasSubstr("unexpected \"c\" behind a quotation"));
    EXPECT_THAT(error_of("a_by_lua_block { [[ }"), HasSubstr("Lua is not closed"));
    EXPECT_THAT(error_of("a " + std::string(5000, 'x') + ";"), HasSubstr("too long"));
    std::string deep;
    for (int i = 0; i < 60; ++i) deep += "a {";
    EXPECT_THAT(error_of(deep), HasSubstr("too many blocks"));
}

TEST(NginxSyntaxTree, QuotesWordsThatNeedIt) {
    EXPECT_EQ(quoted_word("/var/lib/x.pem"), "/var/lib/x.pem");
    for (const std::string_view text : {"a b", "", "a\"b\\", "#a", "a;b{", "x'y"})
        EXPECT_THAT(words_of("x " + quoted_word(text) + ";"), ElementsAre("x", std::string(text)));
}

}  // namespace
}  // namespace cairn::client::nginx::syntax_tree_test
