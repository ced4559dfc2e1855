#include "client/nginx/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/nginx/server_choice.h"
#include "client/nginx/testing/files.h"

namespace cairn::client::nginx::configuration_test {
namespace {

using ::testing::ElementsAre;
using testing::Files;
using ::testing::HasSubstr;

/// The name of the first server's first name that answers, for each socket: "80 a.example exact".
std::vector<std::string> answers(const Configuration& configuration, std::uint16_t port,
                                 std::string_view host) {
    std::vector<std::string> all;
    for (const auto& socket : sockets_at(configuration, port)) {
        const auto choice = choose_server(configuration, socket, host);
        if (!choice) {
            all.push_back(choice.error().message);
            continue;
        }
        const auto& names = configuration.servers()[choice->server].names;
        all.push_back(socket.to_string() + " " + (names.empty() ? "-" : names.front().said) +
                      (choice->match == NameMatch::none ? " by default" : ""));
    }
    return all;
}

TEST(NginxConfiguration, FollowsIncludesFromTheMainFilesFolder) {
    const Files files;
    files.put_http("include conf.d/*.conf;\ninclude sites/a;\n");
    files.put("conf.d/b.conf", "server { listen 81; include snippets/x; }\n");
    files.put("conf.d/.hidden.conf", "broken {");
    files.put("conf.d/a.conf", "server { listen 80; }\n");
    files.put("sites/a", "ssl_protocols TLSv1.2;\nserver { listen 82; }\n");
    files.put("snippets/x", "server_name x.example;\n");
    const auto configuration = files.load();
    ASSERT_TRUE(configuration) << configuration.error().message;
    ASSERT_EQ(configuration->servers().size(), 3U);
    EXPECT_EQ(configuration->servers()[0].listens.front().first_port, 80);
    const auto& second = configuration->servers()[1];
    EXPECT_EQ(second.names.front().text, "x.example");
    EXPECT_EQ(second.find("server_name").front()->file->path, files / "snippets/x");
    EXPECT_EQ(second.find("server_name").front()->includes.size(), 1U);
    EXPECT_TRUE(configuration->has_in_http("ssl_protocols"));
    EXPECT_FALSE(configuration->has_in_http("listen"));
}

TEST(NginxConfiguration, SaysWhichFileIsWrong) {
    const Files files;
    files.put_http("include a;\n");
    EXPECT_THAT(files.load().error().message, HasSubstr("a"));
    files.put("a", "server {\nlisten 80\n}");
    EXPECT_THAT(files.load().error().message, HasSubstr("a: line 3: unexpected \"}\""));
    files.put("a", "include a;\n");
    EXPECT_THAT(files.load().error().message, HasSubstr("includes itself"));
    files.put("a", "server {\n listen 1.2.3.4:0;\n}");
    EXPECT_THAT(files.load().error().message, HasSubstr("a:2: \"1.2.3.4:0\" is no address"));
    files.put("nginx.conf", "events {}");
    EXPECT_THAT(files.load().error().message, HasSubstr("no http block"));
}

TEST(NginxConfiguration, ChoosesTheServerAsNginxDoes) {
    const Files files;
    files.put_http(
        "server { listen 80; server_name first; }\n"
        "server { listen 80 default_server; server_name second; }\n"
        "server { listen 80; server_name *.a.example; }\n"
        "server { listen 80; server_name *.b.a.example; }\n"
        "server { listen 80; server_name www.*; }\n"
        "server { listen 80; server_name ~^x\\.; }\n"
        "server { listen 80; server_name ~^xx?\\.; }\n"
        "server { listen 80; listen [::]:80; server_name exact.a.example; }\n"
        "server { listen 192.0.2.1:80; server_name special; }\n"
        "server { server_name plain; }\n");
    const auto configuration = files.load();
    ASSERT_TRUE(configuration);
    const auto first_of = [&](std::string_view host) {
        return answers(*configuration, 80, host).front();
    };
    EXPECT_EQ(first_of("exact.a.example"), "80 exact.a.example");
    EXPECT_EQ(first_of("y.a.example"), "80 *.a.example");
    EXPECT_EQ(first_of("y.b.a.example"), "80 *.b.a.example");
    EXPECT_EQ(first_of("www.example"), "80 www.*");
    EXPECT_EQ(first_of("x.example"), "80 ~^x\\.");
    EXPECT_EQ(first_of("xx.example"), "80 ~^xx?\\.");
    EXPECT_EQ(first_of("plain"), "80 plain");
    EXPECT_THAT(answers(*configuration, 80, "other"),
                ElementsAre("80 second by default", "[::]:80 exact.a.example by default",
                            "192.0.2.1:80 special by default"));
    EXPECT_THAT(answers(*configuration, 81, "other"), ElementsAre());
}

TEST(NginxConfiguration, KnowsWhereTlsIs) {
    const Files files;
    files.put_http(
        "server { listen 443 ssl; listen 443 quic; listen 80; server_name a; }\n"
        "server { listen 443; server_name b; }\n"
        "server { listen 8443 proxy_protocol; ssl on; server_name c; }\n");
    const auto configuration = files.load();
    ASSERT_TRUE(configuration);
    const auto sockets = tls_sockets(*configuration);
    ASSERT_EQ(sockets.size(), 2U);
    EXPECT_EQ(sockets[0].to_string(), "443");
    EXPECT_EQ(sockets[0].servers.size(), 2U);
    EXPECT_EQ(sockets[1].to_string(), "8443");
    EXPECT_TRUE(sockets[1].speaks_proxy_protocol);
}

}  // namespace
}  // namespace cairn::client::nginx::configuration_test
