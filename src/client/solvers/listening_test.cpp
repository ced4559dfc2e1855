#include "client/solvers/listening.h"

#include <gtest/gtest.h>

#include "client/testing/heard.h"
#include "client/testing/temporary_folder.h"

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

// Else a run that only looks whether it could listen takes the port from one that has to, just
// then.
TEST(Listening, IsLookedAtInATurn) {
    const testing::TemporaryFolder state;
    const StateDirectory directory(state.path());
    const base::SystemClock clock;
    SystemTimer timer;
    testing::Heard heard;
    const auto listening = Listening::from_text("127.0.0.1:80", 80).value();
    ListeningTurn turn(
        listening,
        {.clock = clock, .timer = timer, .progress = heard, .state_folder = state.path()});
    int looks = 0;
    turn.look([&] {
        ++looks;
        EXPECT_FALSE(directory.try_lock_listening(listening.address));
    });
    EXPECT_EQ(looks, 1);
    {
        const auto other = directory.try_lock_listening(listening.address);
        ASSERT_TRUE(other);
        turn.look([&] { ++looks; });
    }
    EXPECT_EQ(looks, 1) << "while another run listens";
    turn.take();
    turn.look([&] { ++looks; });
    EXPECT_EQ(looks, 2);
}

}  // namespace
}  // namespace cairn::client::listening_test
