#include "client/solvers/listening.h"

#include <gtest/gtest.h>

namespace cairn::client::listening_test {
namespace {

TEST(Listening, ReadsAddresses) {
    const auto everywhere = Listening::from_text("", 80).value();
    EXPECT_EQ(everywhere.address, "0.0.0.0:80");
    EXPECT_EQ(everywhere.ipv6_address, "[::]:80");
    EXPECT_EQ(everywhere.to_string(), "");
    for (const auto* text : {"127.0.0.1:8080", "[::1]:80", "0.0.0.0:0"}) {
        const auto one = Listening::from_text(text, 80).value();
        EXPECT_EQ(one.address, text);
        EXPECT_EQ(one.ipv6_address, "");
        EXPECT_EQ(one.to_string(), text);
    }
    for (const auto* bad : {"80", ":80", "localhost:80", "127.0.0.1", "::1:80", "127.0.0.1:70000"})
        EXPECT_FALSE(Listening::from_text(bad, 80)) << bad;
}

}  // namespace
}  // namespace cairn::client::listening_test
