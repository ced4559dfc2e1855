#include "client/apache/server_process.h"

#include <gtest/gtest.h>

namespace cairn::client::apache::server_process_test {
namespace {

TEST(ServerProcess, TellsTheUnitOfItsGroup) {
    EXPECT_EQ(unit_in("0::/system.slice/apache2.service\n"), "apache2.service");
    EXPECT_EQ(unit_in("1:name=systemd:/system.slice/system-apache2.slice/apache2@x.service\n"),
              "apache2@x.service");
    EXPECT_EQ(unit_in("0::/user.slice/user-1000.slice/session-3.scope\n"), "");
    EXPECT_EQ(unit_in(".service"), "");
    EXPECT_EQ(unit_in(""), "");
}

TEST(ServerProcess, IsNotThereWithoutItsFile) {
    EXPECT_FALSE(ServerProcess::find("/nonexistent/apache2.pid"));
}

}  // namespace
}  // namespace cairn::client::apache::server_process_test
