#include "client/import/shell_assignments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client::shell_assignments_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ShellAssignments, ReadsWhatAcmeShWrites) {
    const auto file = ShellAssignments::from_text(
        "Le_Domain='example.com'\n"
        "Le_Alt='no'\n"
        "#AUTO_UPGRADE=\"1\"\n"
        "\n"
        "Le_ReloadCmd='__ACME_BASE64__START_c3lzdGVtY3RsIHJlbG9hZCBuZ2lueCAmJiB0cnVl"
        "__ACME_BASE64__END_'\n"
        "Le_PreHook=''\n"
        "USER_PATH='/usr/bin:/bin'\r\n"
        "SAVED_CF_Token='it is $5 `no`'\n"
        "ACCOUNT_EMAIL=\"me@example.com\"\n"
        "bare=a\\ b'c'\"d\" # comment\n"
        "export LOG_LEVEL=1; x=2\n"
        "Le_Domain='www.example.com'\n");
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->text("Le_Domain"), "www.example.com");
    EXPECT_EQ(file->text("Le_Alt"), "no");
    EXPECT_EQ(file->text("Le_ReloadCmd"), "systemctl reload nginx && true");
    EXPECT_EQ(file->text("Le_PreHook"), "");
    EXPECT_EQ(file->text("USER_PATH"), "/usr/bin:/bin");
    EXPECT_EQ(file->text("SAVED_CF_Token"), "it is $5 `no`");
    EXPECT_EQ(file->text("ACCOUNT_EMAIL"), "me@example.com");
    EXPECT_EQ(file->text("bare"), "a bcd");
    EXPECT_EQ(file->text("LOG_LEVEL"), "1");
    EXPECT_EQ(file->text("x"), "2");
    EXPECT_EQ(file->text("AUTO_UPGRADE"), "");
    EXPECT_TRUE(file->unread.empty());
}

TEST(ShellAssignments, NamesWhatOnlyAShellCouldTell) {
    const auto file = ShellAssignments::from_text(
        "a=\"$HOME/x\"\nb=`id`\nc=$(id)\nd='__ACME_BASE64__START_!__ACME_BASE64__END_'\n"
        "e=\"\\$5\"\n");
    ASSERT_TRUE(file);
    EXPECT_THAT(file->unread, ElementsAre("a", "b", "c", "d"));
    EXPECT_EQ(file->text("e"), "$5");
}

TEST(ShellAssignments, TakesMarksThatShareAnUnderscoreForText) {
    const auto file = ShellAssignments::from_text(
        "a='__ACME_BASE64__START__ACME_BASE64__END_'\n"
        "b='__ACME_BASE64__START___ACME_BASE64__END_'\n"
        "c='__ACME_BASE64__START_'\n");
    ASSERT_TRUE(file);
    EXPECT_EQ(file->text("a"), "__ACME_BASE64__START__ACME_BASE64__END_");
    EXPECT_EQ(file->text("b"), "");
    EXPECT_EQ(file->text("c"), "__ACME_BASE64__START_");
}

TEST(ShellAssignments, RefusesWhatIsNone) {
    const std::pair<const char*, const char*> cases[] = {
        {"id", "line 1: it assigns nothing"},
        {"a='b'\nrm -rf x=y", "line 2: it assigns nothing"},
        {"a='secret\n", "a quote does not end"},
        {"a='b' id", "line 1: something stands behind"},
        {"1a=b", "line 1: it assigns nothing"},
    };
    for (const auto& [text, error] : cases) {
        const auto file = ShellAssignments::from_text(text);
        ASSERT_FALSE(file) << text;
        EXPECT_THAT(file.error().message, HasSubstr(error));
        EXPECT_EQ(file.error().message.find("secret"), std::string::npos);
    }
}

}  // namespace
}  // namespace cairn::client::shell_assignments_test
