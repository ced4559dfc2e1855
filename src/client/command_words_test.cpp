#include "client/command_words.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/temporary_folder.h"

namespace cairn::client::command_words_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> words_of(std::string_view text) {
    const auto words = CommandWords::from_text(text);
    if (!words) return {"refused: " + words.error().message};
    auto all = words->arguments();
    all.insert(all.begin(), words->program().string());
    return all;
}

std::string error_of(std::string_view text) {
    const auto words = CommandWords::from_text(text);
    return words ? "no error" : words.error().message;
}

TEST(CommandWords, SplitsAsAShellQuotes) {
    EXPECT_THAT(words_of("systemctl reload nginx"), ElementsAre("systemctl", "reload", "nginx"));
    EXPECT_THAT(words_of("  a\t b  "), ElementsAre("a", "b"));
    EXPECT_THAT(words_of("/opt/'my hook' \"a b\" c\\ d ''"),
                ElementsAre("/opt/my hook", "a b", "c d", ""));
    EXPECT_THAT(words_of(R"(a "x\"y\\z\n" '\"$`|' \$HOME)"),
                ElementsAre("a", R"(x"y\z\n)", R"(\"$`|)", "$HOME"));
    EXPECT_THAT(words_of("a b#c d~e f=g --x=y"), ElementsAre("a", "b#c", "d~e", "f=g", "--x=y"));
    EXPECT_THAT(words_of("a'b'\"c\"d"), ElementsAre("abcd"));
    EXPECT_THAT(
        words_of("sh -c 'systemctl reload nginx && echo \"$CAIRN_LINEAGE\" >> /log'"),
        ElementsAre("sh", "-c", "systemctl reload nginx && echo \"$CAIRN_LINEAGE\" >> /log"));
}

TEST(CommandWords, RefusesWhatNeedsAShellWithTheWayToDoIt) {
    for (const auto* text :
         {"a | b", "a > b",     "a < b",   "a; b", "a && b", "a &",     "a $HOME", "a \"$HOME\"",
          "a `b`", "a \"`b`\"", "a *.pem", "a b?", "a [bc]", "a {b,c}", "~/a",     "a ~/b",
          "# a",   "a # b",     "(a)",     "a\nb", "X=1 a",  "! a"})
        EXPECT_THAT(error_of(text), HasSubstr("without a shell")) << text;
    EXPECT_THAT(error_of("nginx -t && nginx -s reload"),
                HasSubstr(R"('sh -c '\''nginx -t && nginx -s reload'\''')"));
    EXPECT_THAT(words_of(R"(sh -c 'nginx -t && nginx -s reload')"),
                ElementsAre("sh", "-c", "nginx -t && nginx -s reload"));
}

TEST(CommandWords, RefusesWhatIsNoLine) {
    for (const auto* text : {"", "   ", "''", "'' a"})
        EXPECT_EQ(error_of(text), "no program was named") << text;
    EXPECT_THAT(error_of("a 'b"), HasSubstr("does not end"));
    EXPECT_THAT(error_of("a \"b"), HasSubstr("does not end"));
    EXPECT_THAT(error_of("a \\"), HasSubstr("nothing behind"));
    EXPECT_THAT(error_of(std::string(9000, 'a')), HasSubstr("8192"));
    EXPECT_THAT(error_of(std::string_view("a\0b", 3)), HasSubstr("value 0"));
    std::string many = "a";
    for (std::size_t i = 0; i < CommandWords::max_words; ++i) many += " b";
    EXPECT_THAT(error_of(many), HasSubstr("more than 256 words"));
}

TEST(CommandWords, WritesWhatItReads) {
    for (const auto* text : {"a", "/opt/'my hook' \"it's\" ''", R"(a \* '|' "\"")", "'X=1' b",
                             "a 'two\nlines' \xc3\xbc"}) {
        const auto words = CommandWords::from_text(text);
        ASSERT_TRUE(words) << text;
        const auto again = CommandWords::from_text(words->text());
        ASSERT_TRUE(again) << words->text();
        EXPECT_TRUE(*again == *words) << words->text();
    }
    EXPECT_EQ(CommandWords::from_text("/bin/systemctl  reload 'nginx'")->text(),
              "/bin/systemctl reload nginx");
}

class FoundCommand : public ::testing::Test {
  protected:
    void SetUp() override {
        const char* const path = std::getenv("PATH");
        path_ = path == nullptr ? "" : path;
        ::setenv("PATH", ("relative:" + folder_.path().string()).c_str(), 1);
        make("my-hook");
        make("two words");
        std::ofstream(folder_ / "text") << "no program";
    }
    void TearDown() override { ::setenv("PATH", path_.c_str(), 1); }
    void make(const char* name) {
        std::ofstream(folder_ / name) << "#!/bin/sh\n";
        std::filesystem::permissions(folder_ / name, std::filesystem::perms::owner_all);
    }
    std::string error_of(const std::string& text) {
        const auto found = CommandWords::find(text);
        return found ? "no error" : found.error().message;
    }
    testing::TemporaryFolder folder_;
    std::string path_;
};

TEST_F(FoundCommand, IsSearchedInThePath) {
    EXPECT_EQ(CommandWords::find("my-hook --now")->text(),
              (folder_ / "my-hook").string() + " --now");
    EXPECT_EQ(CommandWords::find("sh")->program().filename(), "sh") << "the system's come last";
    EXPECT_THAT(error_of("no-such-hook"), HasSubstr("no program no-such-hook in PATH"));
    EXPECT_THAT(error_of("text"), HasSubstr("may not be run"));
    EXPECT_THAT(error_of((folder_ / "none").string()), HasSubstr("there is no program"));
}

TEST_F(FoundCommand, MayBeAPathWithBlanks) {
    const auto path = (folder_ / "two words").string();
    EXPECT_EQ(CommandWords::find(path)->program(), path);
    EXPECT_EQ(CommandWords::find("'" + path + "' x")->program(), path);
    EXPECT_EQ(CommandWords::find(CommandWords::find(path)->text())->program(), path);
}

}  // namespace
}  // namespace cairn::client::command_words_test
