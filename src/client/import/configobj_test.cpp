#include "client/import/configobj.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client::configobj_test {
namespace {

using ::testing::HasSubstr;

TEST(ConfigObj, ReadsWhatCertbotWrites) {
    const auto file = ConfigSection::from_text(
        "# renew_before_expiry = 30 days\n"
        "version = 2.1.0\n"
        "cert = /etc/letsencrypt/live/a/cert.pem\r\n"
        "\n"
        "[renewalparams]\n"
        "authenticator = webroot   # how\n"
        "webroot_path = /var/www/html,\n"
        "pref_challs = http-01, dns-01\n"
        "renew_hook = \"echo $RENEWED_LINEAGE, yes # no\"\n"
        "manual_auth_hook = 'say \"it\"'\n"
        "empty =\n"
        "none = ,\n"
        "post_hook = '''first\nsecond'''\n"
        "[[webroot_map]]\n"
        "a.example = /var/www/a\n"
        "\"b.example\" = \"/var/www/b, c\"\n"
        "[other] # section\n"
        "x = y=z\n");
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->text("version"), "2.1.0");
    EXPECT_EQ(file->text("cert"), "/etc/letsencrypt/live/a/cert.pem");
    const auto* parameters = file->section("renewalparams");
    ASSERT_NE(parameters, nullptr);
    EXPECT_EQ(parameters->text("authenticator"), "webroot");
    EXPECT_EQ(*parameters->find("webroot_path"), (ConfigValue{{"/var/www/html"}, true}));
    EXPECT_EQ(*parameters->find("pref_challs"), (ConfigValue{{"http-01", "dns-01"}, true}));
    EXPECT_EQ(parameters->text("renew_hook"), "echo $RENEWED_LINEAGE, yes # no");
    EXPECT_EQ(parameters->text("manual_auth_hook"), "say \"it\"");
    EXPECT_EQ(parameters->text("empty"), "");
    EXPECT_EQ(*parameters->find("none"), (ConfigValue{{}, true}));
    EXPECT_EQ(parameters->text("post_hook"), "first\nsecond");
    EXPECT_EQ(parameters->text("nothing"), std::nullopt);
    const auto* map = parameters->section("webroot_map");
    ASSERT_NE(map, nullptr);
    EXPECT_EQ(map->text("a.example"), "/var/www/a");
    EXPECT_EQ(map->text("b.example"), "/var/www/b, c");
    EXPECT_EQ(file->section("other")->text("x"), "y=z");
}

TEST(ConfigObj, RefusesWhatItCannotUnderstandByItsLine) {
    const std::pair<const char*, const char*> cases[] = {
        {"a", "line 1: there is no ="},
        {"a = 1\na = 2", "line 2: a key stands twice"},
        {"[a]\n[a]", "line 2: a section stands twice"},
        {"[a\n", "line 1: the brackets"},
        {"[[a]]", "line 1: a section is too deep"},
        {"[a] b", "line 1: something stands behind"},
        {"a = \"b", "line 1: a quote does not end"},
        {"a = \"\"\"b\nc", "line 2: a quote does not end"},
        {"a = \"b\" c", "line 1: something stands behind a quote"},
        {"a = b,,c", "line 1: a list has two commas"},
        {"= b", "line 1: a key has no name"},
        {"a = secret\nb", "line 2: there is no ="},
    };
    for (const auto& [text, error] : cases) {
        const auto file = ConfigSection::from_text(text);
        ASSERT_FALSE(file) << text;
        EXPECT_THAT(file.error().message, HasSubstr(error));
        EXPECT_EQ(file.error().message.find("secret"), std::string::npos);
    }
    std::string deep;
    for (int depth = 1; depth < 12; ++depth)
        deep += std::string(static_cast<std::size_t>(depth), '[') + "a" +
                std::string(static_cast<std::size_t>(depth), ']') + "\n";
    EXPECT_FALSE(ConfigSection::from_text(deep));
    EXPECT_FALSE(ConfigSection::from_text(std::string(ConfigSection::max_text + 1, '#')));
}

}  // namespace
}  // namespace cairn::client::configobj_test
