#include "base/memory_reserve.h"

#include <new>

#include <gtest/gtest.h>

namespace cairn::base::memory_reserve_test {
namespace {

// Calls the installed new-handler as operator new does, since no test can be sure to run out of
// memory.
TEST(MemoryReserve, IsSpentOnceAndFilledAgain) {
    ASSERT_TRUE(MemoryReserve::fill());
    EXPECT_FALSE(MemoryReserve::is_spent());
    const auto handler = std::get_new_handler();
    ASSERT_NE(handler, nullptr);
    for (int round = 0; round < 3; ++round) {
        handler();  // returns: there is memory now
        EXPECT_TRUE(MemoryReserve::is_spent());
        EXPECT_THROW(handler(), std::bad_alloc);
        EXPECT_TRUE(MemoryReserve::fill());
        EXPECT_TRUE(MemoryReserve::fill());
        EXPECT_FALSE(MemoryReserve::is_spent());
    }
    std::set_new_handler(nullptr);
}

}  // namespace
}  // namespace cairn::base::memory_reserve_test
