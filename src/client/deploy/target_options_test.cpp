#include "client/deploy/target_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/deploy/target.h"

namespace cairn::client::target_options_test {
namespace {

using ::testing::HasSubstr;

TEST(TargetOptions, AreTakenApartAndPutTogetherAgain) {
    auto options =
        TargetOptions::from_text(R"(files:/etc/a\,b,reload=kill -HUP 'a, b',owner=0,mode=0640)");
    ASSERT_TRUE(options) << options.error().message;
    EXPECT_EQ(options->kind(), "files");
    EXPECT_EQ(options->argument(), "/etc/a,b");
    EXPECT_EQ(options->take("reload"), "kill -HUP 'a, b'");
    const auto rights = options->take_rights();
    EXPECT_EQ(rights.owner, uid_t{0});
    EXPECT_EQ(rights.mode, mode_t{0640});
    EXPECT_FALSE(rights.group);
    EXPECT_FALSE(options->error());
    const auto again = TargetOptions::from_text(options->text());
    ASSERT_TRUE(again) << options->text();
    EXPECT_EQ(again->text(), options->text());
}

TEST(TargetOptions, TellAllThatIsWrongAtOnce) {
    auto options = TargetOptions::from_text("files:/x,mode=0777,owner=no-such-user,colour=red");
    ASSERT_TRUE(options);
    static_cast<void>(options->argument());
    static_cast<void>(options->take_rights());
    const auto error = options->error();
    ASSERT_TRUE(error);
    for (const auto* part : {"lets others write", "no-such-user", "\"colour\" is no option"})
        EXPECT_THAT(error->message, HasSubstr(part));
}

TEST(TargetOptions, RefuseWhatHasNoForm) {
    for (const auto* text : {"", ":x", "Files:/x", "files,x", "files,=y", "files,a=1,a=2", "f\n:x"})
        EXPECT_FALSE(TargetOptions::from_text(text)) << text;
    EXPECT_FALSE(TargetOptions::from_text("files:" + std::string(9000, 'x')));
}

TEST(TargetOptions, ProbesHaveAddressesNamesAndKinds) {
    auto options = TargetOptions::from_text(
        "files,probe=127.0.0.1:25 [::1]:25,starttls=smtp,server-name=mail.example");
    ASSERT_TRUE(options);
    const auto probes = options->take_probes();
    ASSERT_EQ(probes.size(), 2U);
    EXPECT_EQ(probes[1].to_string(), "[::1]:25 (smtp)");
    EXPECT_EQ(probes[0].server_name, "mail.example");
    EXPECT_FALSE(options->error());
    EXPECT_FALSE(start_tls_from("telnet"));
    EXPECT_FALSE(mode_from("0999"));
    EXPECT_FALSE(mode_from("0000"));
}

TEST(Target, IsFoundByItsKindOrARecipe) {
    const base::SystemClock clock;
    const TargetContext context{.clock = clock};
    for (const auto* text : {"files:/etc/x", "exec:/bin/true", "postfix", "haproxy",
                             "dovecot,dir=/etc/dovecot/other,probe=none"}) {
        const auto target = find_target(std::string_view(text), context);
        ASSERT_TRUE(target) << text << ": " << target.error().message;
        // What it calls itself finds the same.
        const auto again = find_target(std::string_view((*target)->text()), context);
        ASSERT_TRUE(again) << (*target)->text();
        EXPECT_EQ((*again)->text(), (*target)->text());
    }
    EXPECT_THAT(find_target(std::string_view("nonsense"), context).error().message,
                HasSubstr("postgresql"));
}

}  // namespace
}  // namespace cairn::client::target_options_test
