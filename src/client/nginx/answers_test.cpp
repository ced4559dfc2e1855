#include "client/nginx/answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/nginx/testing/files.h"

namespace cairn::client::nginx::answers_test {
namespace {

const HttpAnswer answer{"tok-en_1", "tok-en_1.thumb"};
const std::string directive =
    "if ($uri = /.well-known/acme-challenge/tok-en_1) { return 200 tok-en_1.thumb; }";

/// The main file with the answer for a.example in it.
std::string answered(const testing::Files& files) {
    const auto configuration = files.load();
    const auto asked = asked_servers(*configuration, "a.example", 80);
    const auto edits = edits_to_answer(*configuration, *asked, answer);
    return edits.size() == 1 ? *edits.front().after : "not one file";
}

TEST(NginxAnswers, StandsFirstInTheBlockAndGoesWithoutATrace) {
    for (const std::string block :
         {"server {\n  listen 80; # x\n  server_name a.example;\n}\n", "server { listen 80; }\n",
          "server\n{\r\n\tlisten 80;\r\n}\r\n", "server {listen 80;}", "server { # web\n\n}\n",
          "server {\nlisten 80;\n}\n"}) {
        const testing::Files files;
        files.put_http(block);
        const auto before = *read_file(files / "nginx.conf", 1000);
        const auto text = answered(files);
        EXPECT_THAT(text, ::testing::HasSubstr(directive));
        EXPECT_NE(text, before);
        EXPECT_TRUE(SyntaxTree::parse(text)) << text;
        EXPECT_EQ(without_answer(text, answer), before);
        EXPECT_EQ(without_answer(before, answer), before);
        // It is not put up twice.
        files.put("nginx.conf", text);
        EXPECT_EQ(answered(files), "not one file");
    }
}

TEST(NginxAnswers, IsInEveryServerThatMayBeAsked) {
    const testing::Files files;
    files.put_http(
        "server { listen 80; server_name a.example; }\n"
        "server { listen [::]:80; server_name b.example; }\n"
        "server { listen 80; server_name c.example; }\n"
        "server { listen 443 ssl; server_name a.example; }\n");
    const auto text = answered(files);
    EXPECT_THAT(text, ::testing::HasSubstr("server { " + directive + " listen 80; server_name a"));
    EXPECT_THAT(text, ::testing::HasSubstr("server { " + directive + " listen [::]:80;"));
    EXPECT_THAT(text, ::testing::HasSubstr("server { listen 80; server_name c"));
    EXPECT_THAT(text, ::testing::HasSubstr("server { listen 443"));
    const auto asked = asked_servers(*files.load(), "a.example", 8080);
    EXPECT_THAT(asked.error().message,
                ::testing::HasSubstr("no server block of nginx listens at port 8080"));
}

}  // namespace
}  // namespace cairn::client::nginx::answers_test
