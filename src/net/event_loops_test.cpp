#include "net/event_loops.h"

#include <future>
#include <set>
#include <thread>

#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

namespace cairn::net::event_loops_test {
namespace {

std::thread::id thread_of(const base::Executor& executor) {
    return boost::asio::post(executor,
                             boost::asio::use_future([] { return std::this_thread::get_id(); }))
        .get();
}

TEST(EventLoops, RunOnAThreadEach) {
    EventLoops loops(3);
    ASSERT_EQ(loops.count(), 3U);
    std::set<std::thread::id> threads;
    for (std::size_t index = 0; index < loops.count(); ++index) {
        const auto thread = thread_of(loops.executor(index));
        EXPECT_EQ(thread_of(loops.executor(index)), thread);
        threads.insert(thread);
    }
    EXPECT_EQ(threads.size(), 3U);
    EXPECT_FALSE(threads.contains(std::this_thread::get_id()));
}

TEST(EventLoops, TakeTurns) {
    EventLoops loops(2);
    const auto first = loops.next();
    const auto second = loops.next();
    EXPECT_NE(first, second);
    EXPECT_EQ(loops.next(), first);
    EXPECT_EQ(loops.next(), second);
}

TEST(EventLoops, GoWithWorkLeft) {
    auto held = std::make_shared<int>(0);
    const std::weak_ptr<int> watched = held;
    // Declared first, since the thread of the loop uses it.
    std::promise<void> entered;
    std::promise<void> release;
    {
        EventLoops loops(1);
        boost::asio::post(loops.executor(0), [&] {
            entered.set_value();
            release.get_future().wait();
        });
        entered.get_future().wait();
        boost::asio::post(loops.executor(0), [held = std::move(held)] {});
        release.set_value();
    }
    EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace cairn::net::event_loops_test
