#include "client/apache/server.h"

#include <gtest/gtest.h>

namespace cairn::client::apache::server_test {
namespace {

TEST(ApacheServer, ReadsTheSettingsOfItsBuild) {
    const auto settings = build_settings_from(
        "Server version: Apache/2.4.71 (Debian)\nServer built:   2026-11-12T08:58:41\n"
        " -D HTTPD_ROOT=\"/etc/apache2\"\n -D DEFAULT_PIDLOG=\"/run/apache2.pid\"\n"
        " -D SERVER_CONFIG_FILE=\"apache2.conf\"\n");
    ASSERT_TRUE(settings.has_value()) << settings.error().message;
    EXPECT_EQ(settings->version, (std::vector<unsigned long>{2, 4, 71}));
    EXPECT_EQ(settings->root, "/etc/apache2");
    EXPECT_EQ(settings->config_file, "apache2.conf");
    EXPECT_EQ(settings->pid_file, "/run/apache2.pid");
}

TEST(ApacheServer, IsNotEveryProgram) {
    EXPECT_FALSE(build_settings_from(""));
    EXPECT_FALSE(build_settings_from("nginx/1.22.1"));
    EXPECT_FALSE(build_settings_from("Apache/two"));
    EXPECT_TRUE(build_settings_from("Apache/2.4.6").value().root.empty());
}

}  // namespace
}  // namespace cairn::client::apache::server_test
