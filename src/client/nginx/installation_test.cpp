#include "client/nginx/installation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/nginx/testing/files.h"

namespace cairn::client::nginx::installation_test {
namespace {

using testing::Files;
using ::testing::HasSubstr;

constexpr std::string_view pair_lines =
    "    ssl_certificate /s/fullchain.pem;\n    ssl_certificate_key /s/privkey.pem;\n";
constexpr std::string_view settings =
    "    ssl_protocols TLSv1.2 TLSv1.3;\n"
    "    ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-CHACHA20-POLY1305;\n"
    "    ssl_prefer_server_ciphers off;\n    ssl_session_timeout 1d;\n"
    "    ssl_session_cache shared:cairn:10m;\n    ssl_session_tickets off;\n";

class NginxInstallation : public ::testing::Test {
  protected:
    void name(std::initializer_list<const char*> names) {
        installation_.names.clear();
        for (const auto* const each : names)
            installation_.names.push_back(*protocol::Identifier::dns(each));
    }
    InstallationPlan plan(std::string_view http) {
        files_.put_http(http);
        return plan_again();
    }
    InstallationPlan plan_again() {
        const auto configuration = files_.load();
        return configuration ? plan_installation(*configuration, installation_)
                             : InstallationPlan{{}, {}, {}, {configuration.error().message}};
    }
    /// What becomes of the inside of http.
    std::string changed(std::string_view http) {
        const auto planned = plan(http);
        if (!planned.refusals.empty()) return "refused: " + planned.refusals.front();
        if (planned.edits.empty()) return "unchanged";
        auto text = *planned.edits.front().after;
        // What was planned is so for ever.
        files_.put("nginx.conf", text);
        const auto again = plan_again();
        EXPECT_TRUE(again.edits.empty()) << *again.edits.front().after;
        EXPECT_TRUE(again.refusals.empty()) << again.refusals.front();
        text.erase(0, std::string_view("events {}\nhttp {\n").size());
        text.erase(text.size() - 2);
        return text;
    }

    Files files_;
    Installation installation_{
        {*protocol::Identifier::dns("a.example")}, {{"/s/fullchain.pem", "/s/privkey.pem"}}, {}};
};

TEST_F(NginxInstallation, GivesAPlainServerTls) {
    EXPECT_EQ(changed("server {\n    listen 80;\n    listen [::]:80; # six\n"
                      "    server_name a.example;\n}\n"),
              "server {\n    listen 80;\n    listen [::]:80; # six\n    listen 443 ssl;\n"
              "    listen [::]:443 ssl;\n" +
                  std::string(pair_lines) + std::string(settings) +
                  "    server_name a.example;\n}\n");
}

TEST_F(NginxInstallation, LeavesSettingsThatAreThere) {
    const auto text = changed(
        "ssl_protocols TLSv1.3;\nserver {\n    listen 80;\n    ssl_ciphers HIGH;\n"
        "    server_name a.example;\n}\n");
    EXPECT_THAT(text, HasSubstr("ssl_protocols TLSv1.3;\nserver"));
    EXPECT_THAT(text, ::testing::Not(HasSubstr("ssl_protocols TLSv1.2")));
    EXPECT_THAT(text, ::testing::Not(HasSubstr("ECDHE")));
    EXPECT_THAT(text, HasSubstr("ssl_session_tickets off;"));
}

TEST_F(NginxInstallation, SaysTheDefaultListenWhereItGoesWithoutSaying) {
    const auto text = changed("server {\n    server_name a.example;\n}\n");
    EXPECT_THAT(text, HasSubstr("server {\n    listen 80;\n    listen 443 ssl;\n    ssl_cert"));
}

TEST_F(NginxInstallation, ReplacesTheCertificateAndNothingElse) {
    EXPECT_EQ(changed("server {\n  listen 443 ssl;\n  server_name a.example;\n"
                      "  ssl_certificate \"/old one.pem\"; # old\n"
                      "  ssl_certificate_key   /old.key;\n}\n"),
              "server {\n  listen 443 ssl;\n  server_name a.example;\n"
              "  ssl_certificate /s/fullchain.pem; # old\n"
              "  ssl_certificate_key   /s/privkey.pem;\n}\n");
}

TEST_F(NginxInstallation, InstallsACertificateForEachKindOfKey) {
    installation_.pairs.push_back({"/s/fullchain-rsa2048.pem", "/s/privkey-rsa2048.pem"});
    EXPECT_EQ(changed("server {\n  listen 443 ssl;\n  server_name a.example;\n"
                      "  ssl_certificate /o;\n  ssl_certificate_key /k;\n}\n"),
              "server {\n  listen 443 ssl;\n  server_name a.example;\n"
              "  ssl_certificate /s/fullchain.pem;\n  ssl_certificate_key /s/privkey.pem;\n"
              "  ssl_certificate /s/fullchain-rsa2048.pem;\n"
              "  ssl_certificate_key /s/privkey-rsa2048.pem;\n}\n");
    installation_.pairs.pop_back();
    EXPECT_EQ(changed("server {\n  listen 443 ssl;\n  server_name a.example;\n"
                      "  ssl_certificate /o;\n  ssl_certificate_key /k;\n"
                      "  ssl_certificate /p;\n  ssl_certificate_key /l;\n}\n"),
              "server {\n  listen 443 ssl;\n  server_name a.example;\n"
              "  ssl_certificate /s/fullchain.pem;\n  ssl_certificate_key /s/privkey.pem;\n}\n");
}

TEST_F(NginxInstallation, TakesItsShareOfASnippetThatOthersUse) {
    files_.put("snippet",
               "# both\nssl_certificate /o;\nssl_certificate_key /k;\nssl_stapling on;\n");
    constexpr std::string_view other =
        "server {\n  listen 443 ssl;\n  server_name b;\n  include snippet;\n}\n";
    EXPECT_EQ(
        changed(std::string(other) +
                "server {\n  listen 443 ssl;\n  server_name a.example;\n  include snippet;\n}\n"),
        std::string(other) +
            "server {\n  listen 443 ssl;\n  server_name a.example;\n"
            "  ssl_certificate /s/fullchain.pem;\n  ssl_certificate_key /s/privkey.pem;\n"
            "  ssl_stapling on;\n}\n");
    // One that it has for itself is changed where it stands.
    const auto planned =
        plan("server {\n  listen 443 ssl;\n  server_name a.example;\n  include snippet;\n}\n");
    ASSERT_EQ(planned.edits.size(), 1U);
    EXPECT_EQ(*planned.edits.front().after,
              "# both\nssl_certificate /s/fullchain.pem;\nssl_certificate_key /s/privkey.pem;\n"
              "ssl_stapling on;\n");
}

TEST_F(NginxInstallation, ListensWhereTheNameIsAnswered) {
    // A socket of its own would take the address away from the other server.
    EXPECT_THAT(changed("server { listen 443 ssl; server_name b; ssl_certificate /b; "
                        "ssl_certificate_key /b; }\n"
                        "server {\n listen 192.0.2.1:80;\n server_name a.example;\n}\n"),
                HasSubstr(" listen 192.0.2.1:80;\n listen 443 ssl;\n"));
    // And one at all addresses is not asked at those that have their own.
    EXPECT_THAT(changed("server { listen 192.0.2.1:443 ssl; server_name b; ssl_certificate /b; "
                        "ssl_certificate_key /b; }\n"
                        "server {\n listen 80;\n server_name a.example;\n}\n"),
                HasSubstr(" listen 80;\n listen 443 ssl;\n listen 192.0.2.1:443 ssl;\n"));
    EXPECT_THAT(changed("server {\n listen [::]:80 ipv6only=off;\n server_name a.example;\n}\n"),
                HasSubstr(" listen [::]:443 ssl ipv6only=off;\n"));
    EXPECT_THAT(changed("server {\n listen 80 proxy_protocol;\n server_name a.example;\n}\n"),
                HasSubstr(" listen 443 ssl proxy_protocol;\n"));
}

TEST_F(NginxInstallation, FindsServersForAWildcard) {
    name({"*.a.example"});
    EXPECT_THAT(changed("server {\n listen 80;\n server_name x.a.example;\n}\n"
                        "server {\n listen 80;\n server_name *.a.example;\n}\n"),
                HasSubstr("x.a.example;\n}\nserver {\n listen 80;\n listen 443 ssl;\n"));
    EXPECT_THAT(changed("server {\n listen 80;\n server_name x.a.example;\n}\n"),
                HasSubstr("listen 443 ssl;\n"));
    EXPECT_THAT(changed("server {\n listen 80;\n server_name x.y.a.example;\n}\n"),
                HasSubstr("refused: no server block of nginx has the name *.a.example"));
}

TEST_F(NginxInstallation, RefusesWithAReason) {
    EXPECT_THAT(changed("server { listen 80 default_server; server_name b.example; }\n"),
                HasSubstr("refused: no server block of nginx has the name a.example"));
    EXPECT_THAT(changed("server { listen 80; server_name a.example; "
                        "return 301 https://$server_name$request_uri; }\n"),
                HasSubstr("refused: the server block \"a.example\""));
    EXPECT_THAT(changed("server { listen 80; listen 443; server_name a.example; }\n"),
                HasSubstr("without TLS"));
    EXPECT_THAT(changed("server { listen 80; server_name ~(; }\n"), HasSubstr("not certain"));
    EXPECT_THAT(changed("server { listen 443 ssl; server_name a.example; "
                        "ssl_reject_handshake on; }\n"),
                HasSubstr("refuses all handshakes"));
    files_.put("nginx.conf",
               "stream { server { listen 443; } }\nhttp { server { listen 80; server_name "
               "a.example; } }\n");
    EXPECT_THAT(plan_again().refusals.front(), HasSubstr("a server of stream or mail listens"));
    installation_.pairs.front().key = "/s/$x";
    EXPECT_THAT(changed("server { listen 80; server_name a.example; }\n"),
                HasSubstr("has a $ in its path"));
}

TEST_F(NginxInstallation, SendsOnToHttpsWhenAsked) {
    installation_.options.redirects = true;
    EXPECT_THAT(
        changed("server {\n listen 80;\n listen 443 ssl;\n server_name a.example _;\n}\n"),
        HasSubstr("server {\n if ($scheme = http) { return 301 https://$host$request_uri; }\n"));
    installation_.options.https_port = 8443;
    EXPECT_THAT(
        changed("server {\n listen 80;\n listen 8443 ssl;\n server_name a.example b.example;\n}\n"),
        HasSubstr("server {\n if ($scheme$host = httpa.example) { return 301 "
                  "https://a.example:8443$request_uri; }\n"));
    installation_.options.https_port = 443;
    EXPECT_THAT(changed("server {\n listen 80;\n server_name a.example;\n"
                        " if ($host = a.example) { return 301 https://$host; }\n}\n"
                        "server {\n listen 443 ssl;\n server_name a.example;\n}\n"),
                ::testing::Not(HasSubstr("$scheme")));
}

TEST_F(NginxInstallation, SaysStrictTransportSecurityWhenAsked) {
    installation_.options.hsts = 300;
    EXPECT_THAT(changed("server {\n listen 443 ssl;\n server_name a.example;\n}\n"),
                HasSubstr(" add_header Strict-Transport-Security \"max-age=300\" always;\n"));
    EXPECT_THAT(changed("server {\n listen 80;\n server_name a.example;\n}\n"),
                HasSubstr(" set $cairn_hsts \"\";\n if ($scheme = https) { set $cairn_hsts "
                          "\"max-age=300\"; }\n"));
    EXPECT_THAT(changed("add_header X y;\n"
                        "server {\n listen 443 ssl;\n server_name a.example;\n}\n"),
                HasSubstr("refused: Strict-Transport-Security"));
}

}  // namespace
}  // namespace cairn::client::nginx::installation_test
