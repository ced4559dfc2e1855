#include "client/timer.h"

#include <gtest/gtest.h>

#include "client/failure.h"

namespace cairn::client::timer_test {
namespace {

using namespace std::chrono_literals;

TEST(SystemTimer, WaitsAtLeastAsLongAsAsked) {
    SystemTimer timer;
    const auto start = timer.now();
    timer.wait(5ms);
    EXPECT_GE(timer.now() - start, 5ms);
}

TEST(SystemTimer, AStopEndsAWaitAtOnce) {
    std::stop_source stop;
    SystemTimer timer(stop.get_token());
    stop.request_stop();
    EXPECT_TRUE(timer.is_stopped());
    EXPECT_THROW(timer.wait(24h), Failure);
}

TEST(InstantTimer, OnlyCounts) {
    InstantTimer timer;
    timer.wait(24h);
    EXPECT_EQ(timer.waited(), 24h);
}

}  // namespace
}  // namespace cairn::client::timer_test
