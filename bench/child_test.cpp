#include "bench/child.h"

#include <chrono>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

namespace cairn::bench {
namespace {

using namespace std::chrono_literals;

bool uses_more_than(double cpu_seconds, const Child& child) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (child.usage().cpu_seconds <= cpu_seconds) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

TEST(Child, ThatFailsIsToldWithItsOutput) {
    try {
        run_to_end({.words = {"sh", "-c", "echo so it is; exit 3"}});
        FAIL();
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find("so it is"), std::string::npos);
    }
}

TEST(Child, EndsWithItsOwner) {
    Child child({.words = {"sleep", "600"}});
    EXPECT_FALSE(child.has_ended());
    child.stop();
    EXPECT_TRUE(child.has_ended());
}

TEST(Child, UsesNoProcessorWhileItIsHeld) {
    Child child({.words = {"sh", "-c", "while :; do :; done"}});
    ASSERT_TRUE(uses_more_than(0, child));
    child.hold();
    const double held = child.usage().cpu_seconds;
    std::this_thread::sleep_for(50ms);
    EXPECT_EQ(child.usage().cpu_seconds, held);
    child.go_on();
    EXPECT_TRUE(uses_more_than(held, child));
}

TEST(Child, EndsWithItsSignalThoughItIsHeld) {
    Child child({.words = {"sleep", "60"}});
    child.hold();
    const auto begun = std::chrono::steady_clock::now();
    child.stop();
    EXPECT_TRUE(child.has_ended());
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 15s) << "SIGKILL ended it";
}

TEST(Child, MayHaveEndedWhenItIsHeld) {
    Child child({.words = {"true"}});
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!child.has_ended() && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(1ms);
    child.hold();
    child.go_on();
    EXPECT_TRUE(child.has_ended());
}

}  // namespace
}  // namespace cairn::bench
