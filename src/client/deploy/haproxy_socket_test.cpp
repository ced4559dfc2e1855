#include "client/deploy/haproxy_socket.h"

#include <gtest/gtest.h>

namespace cairn::client::haproxy_socket_test {
namespace {

TEST(HaproxySocket, AnswersAreRead) {
    const auto serial = haproxy_serial_from(
        "Filename: /etc/haproxy/site.pem\nStatus: Used\nSerial: 0a1B\nnotBefore: x\n");
    ASSERT_TRUE(serial);
    EXPECT_EQ(serial->value(), "0A1B");
    EXPECT_FALSE(haproxy_serial_from("Can't display the certificate: Not found or the certificate "
                                     "is a bundle!\n\n")
                     .value());
    EXPECT_FALSE(haproxy_serial_from("Filename: /x\nStatus: Empty\n").value());
    EXPECT_FALSE(haproxy_serial_from("Permission denied\n"));
    EXPECT_FALSE(haproxy_serial_from("Serial: rm -rf\n"));
    EXPECT_FALSE(haproxy_serial_from(""));
}

TEST(HaproxySocket, OnlySuccessIsTakenForIt) {
    EXPECT_TRUE(haproxy_success_from("set", "Transaction created for certificate /x!\n\n"));
    EXPECT_TRUE(haproxy_success_from("commit", "Committing /x.\nSuccess!\n\n"));
    EXPECT_TRUE(haproxy_success_from("new", "New empty certificate store '/x'!\n\n"));
    for (const auto* answer : {"", "unable to load certificate from file '/x'.\nCan't update /x!\n",
                               "Permission denied\n", "Committing /x\nFailed!\n",
                               "Transaction updated for certificate /x!\nunable to check\n"})
        EXPECT_FALSE(haproxy_success_from("commit", answer)) << answer;
}

TEST(HaproxySocket, TellsThatNobodyIsThere) {
    const HaproxySocket socket("/nowhere/admin.sock", std::chrono::seconds{1});
    EXPECT_FALSE(socket.serial_of("/x"));
    EXPECT_FALSE(socket.serial_of("/x\nshow env"));
}

}  // namespace
}  // namespace cairn::client::haproxy_socket_test
