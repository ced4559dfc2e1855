#include "client/request_limiter.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "client/failure.h"

namespace cairn::client::request_limiter_test {
namespace {

using namespace std::chrono_literals;

TEST(RequestLimiter, LetsNoMoreThanItsLimitIn) {
    SystemTimer timer;
    RequestLimiter limiter(timer, 3);
    std::atomic<int> inside = 0;
    std::atomic<int> most = 0;
    std::atomic<int> served = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 12; ++i)
            threads.emplace_back([&] {
                for (int round = 0; round < 20; ++round) {
                    const auto place = limiter.enter();
                    const int now_inside = ++inside;
                    int known = most;
                    while (known < now_inside && !most.compare_exchange_weak(known, now_inside)) {
                    }
                    std::this_thread::yield();
                    --inside;
                    ++served;
                }
            });
    }
    EXPECT_EQ(served, 12 * 20);
    EXPECT_LE(most, 3);
}

TEST(RequestLimiter, APlaceIsFreeAgainAfterAnException) {
    SystemTimer timer;
    RequestLimiter limiter(timer, 1);
    try {
        const auto place = limiter.enter();
        throw Failure("try", "no");
    } catch (const Failure&) {
    }
    const auto place = limiter.enter();
}

TEST(RequestLimiter, WhoWaitsForAPlaceHearsOfAnInterruption) {
    std::stop_source stop;
    SystemTimer timer(stop.get_token());
    RequestLimiter limiter(timer, 1);
    const auto place = limiter.enter();
    stop.request_stop();
    EXPECT_THROW(static_cast<void>(limiter.enter()), Failure);
}

TEST(RequestLimiter, HoldsEverybodyBack) {
    InstantTimer timer;
    RequestLimiter limiter(timer, 1);
    EXPECT_TRUE(limiter.await_release(timer.now()));
    EXPECT_EQ(timer.waited(), 0ms);
    limiter.hold_back(7s);
    limiter.hold_back(3s);
    EXPECT_TRUE(limiter.await_release(timer.now() + 10s));
    EXPECT_EQ(timer.waited(), 7s);
    EXPECT_TRUE(limiter.await_release(timer.now()));
    EXPECT_EQ(timer.waited(), 7s);
}

TEST(RequestLimiter, DoesNotWaitBeyondADeadline) {
    InstantTimer timer;
    RequestLimiter limiter(timer, 1);
    limiter.hold_back(7s);
    EXPECT_FALSE(limiter.await_release(timer.now() + 6s));
    EXPECT_EQ(timer.waited(), 0ms);
}

}  // namespace
}  // namespace cairn::client::request_limiter_test
