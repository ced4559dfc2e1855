#include "client/side_by_side.h"

#include <atomic>
#include <latch>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace cairn::client::side_by_side_test {
namespace {

TEST(SideBySide, CallsOnceForEach) {
    std::vector<std::atomic<int>> calls(100);
    side_by_side(calls.size(), 7, [&](std::size_t number) { ++calls[number]; });
    for (const auto& each : calls) EXPECT_EQ(each, 1);
    side_by_side(0, 7, [](std::size_t) { FAIL(); });
}

TEST(SideBySide, CallsUpToItsLimitAtATime) {
    // Each waits for the others: with fewer at a time this would not end.
    std::latch all(4);
    side_by_side(4, 4, [&](std::size_t) { all.arrive_and_wait(); });
    std::atomic<int> running = 0;
    std::atomic<int> most = 0;
    side_by_side(50, 3, [&](std::size_t) {
        const int now = ++running;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        --running;
    });
    EXPECT_LE(most, 3);
}

TEST(SideBySide, ThrowsWhatTheFirstThrewWhenAllHaveEnded) {
    std::latch both(2);
    std::atomic<int> ended = 0;
    std::string caught;
    try {
        side_by_side(50, 2, [&](std::size_t number) {
            if (number < 2) both.arrive_and_wait();
            ++ended;
            throw std::runtime_error(std::to_string(number));
        });
    } catch (const std::runtime_error& fault) {
        caught = fault.what();
    }
    EXPECT_EQ(caught, "0");
    EXPECT_EQ(ended, 2) << "no further ones are begun";
}

}  // namespace
}  // namespace cairn::client::side_by_side_test
