#include "client/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/durable_file.h"
#include "client/testing/bench.h"

namespace cairn::client::settings_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

std::string refusal_of(const std::string& text) {
    const auto failure = SettingsReading::from_toml(text).failure();
    return failure ? failure->came_back() : "taken";
}

TEST(Settings, AreAsUsualWhereNothingIsSaid) {
    const auto settings = SettingsReading::from_toml("").settings;
    EXPECT_FALSE(settings.notify.is_anybody_told());
    EXPECT_EQ(settings.hook_patience, std::chrono::minutes(5));
    const TemporaryFolder folder;
    const auto nowhere = SettingsReading::read(folder / "nowhere");
    EXPECT_TRUE(nowhere.settings.email.empty() && !nowhere.failure());
}

TEST(Settings, AreAllRead) {
    const auto reading = SettingsReading::from_toml(R"(
email = "ops@a.example"
ca = ["zerossl", "https://ca.internal/directory"]
ca_root = "/etc/ssl/internal.pem"
key_types = ["ec-p384", "rsa2048"]
ca_timeout = "5m"
[hooks]
timeout = "90s"
[served]
"mail.a.example" = ["127.0.0.1:465", "[::1]:465"]
inside = []
[notify]
before_expiry = "10d"
repeat = "12h"
program = "/usr/local/bin/page 'the admin'"
[notify.mail]
to = ["ops@a.example", "root@a.example"]
from = "cairn@a.example"
server = "smtp://mail.a.example:587"
user = "cairn"
password = "secret"
[notify.webhook]
url = "https://chat.a.example/hook"
header = "X-Token"
secret_file = "/etc/cairn/hook.token"
)");
    ASSERT_FALSE(reading.failure()) << reading.failure()->what();
    const auto* const settings = &reading.settings;
    EXPECT_EQ(settings->email, "ops@a.example");
    ASSERT_EQ(settings->authorities.size(), 2U);
    EXPECT_EQ(settings->authorities[1].directory_url, "https://ca.internal/directory");
    EXPECT_THAT(settings->key_types,
                ElementsAre(crypto::KeyType::ec_p384, crypto::KeyType::rsa2048));
    EXPECT_EQ(settings->hook_patience, std::chrono::seconds(90));
    EXPECT_EQ(settings->ca_timeout, std::chrono::minutes(5));
    EXPECT_THAT(settings->served.at("mail.a.example"), ElementsAre("127.0.0.1:465", "[::1]:465"));
    EXPECT_TRUE(settings->served.at("inside").empty());
    EXPECT_EQ(settings->notify.before_expiry, std::chrono::days(10));
    EXPECT_EQ(settings->notify.repeat, std::chrono::hours(12));
    EXPECT_EQ(settings->notify.mail->password.read().value(), "secret");
    EXPECT_EQ(settings->notify.webhook->header, "X-Token");
}

TEST(Settings, AreRefusedWithAllThatIsWrong) {
    const auto refusal = refusal_of(R"(
emial = "ops@a.example"
[notify]
befor_expiry = "1d"
repeat = "soon"
program = "page | mail"
[notify.mail]
to = ["nobody", "a@b\nBcc: c"]
server = "http://x"
[notify.webhook]
url = "http://chat.a.example"
[served]
x = ["a:b:c:d", "host:99999"]
)");
    for (const char* finding :
         {"emial is not a known key; did you mean email?", "befor_expiry", "notify.repeat",
          "notify.program", "\"nobody\" is no mail address", "\"a@b?Bcc: c\" is no mail address",
          "notify.mail.server must be smtps", "notify.webhook.url must be an https", "a:b:c:d",
          "host:99999"})
        EXPECT_THAT(refusal, HasSubstr(finding));
}

TEST(Settings, WithAMistakeAreReadAllTheSame) {
    using enum SettingsPart;
    struct Case {
        const char* text;
        SettingsPart wrong;
    };
    for (const auto& [text, wrong] :
         {Case{"[notify]\nrepeat = \"soon\"", notify}, Case{"notify = 1", notify},
          Case{"[notify.mail]\ntoo = [\"a@b\"]", notify}, Case{"[hooks]\ntimeout = 5", hooks},
          Case{"[hooks]\ntimeot = \"5m\"", hooks}, Case{"[served]\nx = [\"a:b:c:d\"]", served},
          Case{"emial = \"a@b\"", defaults}, Case{"ca = [\"buypass\"]", defaults},
          Case{"[notfy]\nrepeat = \"1d\"", defaults}})
        for (const auto part : {defaults, hooks, served, notify})
            EXPECT_EQ(SettingsReading::from_toml(text).failure_of({part}).has_value(),
                      part == wrong)
                << text;
    EXPECT_TRUE(SettingsReading::from_toml("= 1").failure_of({})) << "nothing of it is known";

    const auto reading = SettingsReading::from_toml(R"(
email = "ops@a.example"
[hooks]
timeout = "90s"
[served]
x = ["a:b:c:d"]
[notify]
repeat = "soon"
program = "page"
[notify.mail]
to = ["nobody"]
[notify.webhook]
url = "https://a.example/"
heder = "X"
)");
    const auto& settings = reading.settings;
    EXPECT_EQ(settings.email, "ops@a.example");
    EXPECT_EQ(settings.hook_patience, std::chrono::seconds(90));
    EXPECT_TRUE(settings.served.empty());
    EXPECT_EQ(settings.notify.program, "page");
    EXPECT_FALSE(settings.notify.mail);
    EXPECT_TRUE(settings.notify.webhook);
    EXPECT_EQ(reading.faults.size(), 4U);
}

TEST(Settings, RefuseWhatDoesNotGoTogether) {
    EXPECT_THAT(refusal_of("[notify.mail]\nto = [\"a@b\"]\nuser = \"x\""),
                HasSubstr("user needs a server"));
    EXPECT_THAT(refusal_of("[notify.mail]\nfrom = \"a@b\""), HasSubstr("to is missing"));
    EXPECT_THAT(refusal_of("[notify.webhook]\nurl = \"https://a/\"\nsecret = \"x\"\n"
                           "secret_file = \"/y\""),
                HasSubstr("give one of the two"));
    EXPECT_THAT(refusal_of("ca_timeout = \"3h\""), HasSubstr("longer than 20m"));
    EXPECT_THAT(refusal_of("notify = 1"), HasSubstr("must be a table"));
    EXPECT_THAT(refusal_of("email ="), HasSubstr("not TOML"));
}

TEST(Settings, WithASecretAreForTheirOwnerAlone) {
    const TemporaryFolder folder;
    const std::string text = "[notify.webhook]\nurl = \"https://a.example/\"\nsecret = \"x\"\n";
    write_durably(folder / "cairn.toml", text, FileAccess::everyone);
    const auto open = SettingsReading::read(folder.path());
    EXPECT_THAT(open.failure()->came_back(), HasSubstr("others can read it"));
    EXPECT_THAT(open.failure()->next(), HasSubstr("chmod 600"));
    EXPECT_FALSE(open.settings.notify.webhook) << "the secret would be sent";
    write_durably(folder / "cairn.toml", text, FileAccess::owner);
    EXPECT_EQ(SettingsReading::read(folder.path()).settings.notify.webhook->secret.text, "x");
    write_durably(folder / "token", "word\n", FileAccess::everyone);
    EXPECT_FALSE((SettingSecret{{}, folder / "token"}.read()));
    write_durably(folder / "token", "word\n", FileAccess::owner);
    EXPECT_EQ((SettingSecret{{}, folder / "token"}.read().value()), "word");
}

TEST(ServedPlace, IsAHostAndAPort) {
    const auto text = [](std::string_view place) {
        const auto read = ServedPlace::from_text(place);
        return read ? read->to_string() : "refused";
    };
    EXPECT_EQ(text("a.example"), "a.example:443");
    EXPECT_EQ(text("a.example:8443"), "a.example:8443");
    EXPECT_EQ(text("192.0.2.1:25"), "192.0.2.1:25");
    EXPECT_EQ(text("2001:db8::1"), "[2001:db8::1]:443");
    EXPECT_EQ(text("[2001:db8::1]:25"), "[2001:db8::1]:25");
    for (const char* wrong : {"", ":443", "a:", "a:0", "a:65536", "a:x", "a b", "[::1", "[::1]x",
                              "a:b:c", "a\n", "[::1]:"})
        EXPECT_EQ(text(wrong), "refused") << wrong;
}

}  // namespace
}  // namespace cairn::client::settings_test
