#include "client/nginx/splices.h"

#include <gtest/gtest.h>

namespace cairn::client::nginx::splices_test {
namespace {

/// What `change` makes of the block `server`, which the text consists of.
template <class Change>
std::string changed(std::string_view text, const Change& change) {
    const auto tree = SyntaxTree::parse(text);
    Splices splices(text);
    change(splices, tree->directives().front());
    return splices.result();
}

const std::vector<std::string> added = {"x;", "y;"};

TEST(NginxSplices, AddsBehindADirectiveAndItsComment) {
    const auto behind_first = [](Splices& splices, const Directive& server) {
        splices.add_behind(server.children.front(), added);
    };
    EXPECT_EQ(changed("server {\n\tlisten 80; # web\n\ta;\n}\n", behind_first),
              "server {\n\tlisten 80; # web\n\tx;\n\ty;\n\ta;\n}\n");
    EXPECT_EQ(changed("server {\r\n  listen 80;\r\n}\r\n", behind_first),
              "server {\r\n  listen 80;\r\n  x;\r\n  y;\r\n}\r\n");
    EXPECT_EQ(changed("server { listen 80; a; }", behind_first), "server { listen 80; x; y; a; }");
    EXPECT_EQ(changed("server {listen 80;}", behind_first), "server {listen 80; x; y;}");
}

TEST(NginxSplices, AddsAtTheBeginningOfABlock) {
    const auto first = [](Splices& splices, const Directive& server) {
        splices.add_first(server, added);
    };
    EXPECT_EQ(changed("server {\n  listen 80;\n}", first), "server {\n  x;\n  y;\n  listen 80;\n}");
    EXPECT_EQ(changed("server\n{ # b\n}", first), "server\n{ # b\n    x;\n    y;\n}");
    EXPECT_EQ(changed("server { listen 80; }", first), "server { x; y; listen 80; }");
    EXPECT_EQ(changed("server {}", first), "server { x; y;}");
}

TEST(NginxSplices, TakesADirectiveAway) {
    const auto remove_first = [](Splices& splices, const Directive& server) {
        splices.remove(server.children.front());
    };
    EXPECT_EQ(changed("server {\n  a;\n  b;\n}", remove_first), "server {\n  b;\n}");
    EXPECT_EQ(changed("server {\r\n  a;\r\n  b;\r\n}", remove_first), "server {\r\n  b;\r\n}");
    EXPECT_EQ(changed("server {\n  a; # why\n}", remove_first), "server {\n   # why\n}");
    EXPECT_EQ(changed("server { a; b; }", remove_first), "server { b; }");
}

TEST(NginxSplices, ReplacesWordsAndMakesOneChangeOnce) {
    EXPECT_EQ(changed("server { a 'b'  c; }",
                      [](Splices& splices, const Directive& server) {
                          splices.replace(server.children.front().words[1], "bb");
                          splices.replace(server.children.front().words[1], "bb");
                          splices.replace(server.children.front().words[2], "c");
                      }),
              "server { a bb  c; }");
}

}  // namespace
}  // namespace cairn::client::nginx::splices_test
