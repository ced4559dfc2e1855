#include "bench/load_clock.h"

#include <thread>

#include <gtest/gtest.h>

namespace cairn::bench {
namespace {

using namespace std::chrono_literals;

TEST(LoadClock, StandsStillWhileHeldAndLosesNothing) {
    const auto begun = std::chrono::steady_clock::now();
    LoadClock clock;
    clock.hold();
    const auto held = clock.now();
    std::this_thread::sleep_for(30ms);
    clock.hold();
    EXPECT_EQ(clock.now(), held);
    clock.go_on();
    clock.go_on();
    EXPECT_GE(clock.now(), held);
    EXPECT_LE(clock.now(), std::chrono::steady_clock::now() - begun - 30ms);
    const auto going = clock.now();
    std::this_thread::sleep_for(5ms);
    EXPECT_GE(clock.now(), going + 5ms);
}

}  // namespace
}  // namespace cairn::bench
