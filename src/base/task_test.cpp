#include "base/task.h"

#include <atomic>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>

#include <gtest/gtest.h>

namespace cairn::base::task_test {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

/// Longer than any test: a wait that lasts this long has failed.
constexpr Milliseconds forever = 60s;

TaskGroup::OnFailure no_failure_expected() {
    return [](const std::exception_ptr&) { ADD_FAILURE() << "a task failed"; };
}

/// An execution context with a thread of its own.
class Loop {
  public:
    [[nodiscard]] Executor executor() { return context_.get_executor(); }

  private:
    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_ = make_work_guard(context_);
    struct StopAtEnd {
        asio::io_context& context;
        ~StopAtEnd() { context.stop(); }
    };
    std::jthread thread_{[this] { context_.run(); }};
    StopAtEnd stop_{context_};
};

Task<void> set(std::promise<void>& promise) {
    promise.set_value();
    co_return;
}

/// Reports that it has begun, then waits until it is cancelled.
Task<void> wait_forever(std::promise<void>& begun, std::atomic<bool>& cancelled) {
    begun.set_value();
    try {
        co_await sleep_for(forever);
    } catch (const boost::system::system_error& error) {
        cancelled = error.code() == asio::error::operation_aborted;
        throw;
    }
}

Task<void> throw_logic_error() {
    co_await sleep_for(0ms);
    throw std::logic_error("broken");
}

Task<void> count_one(std::atomic<int>& count) {
    ++count;
    co_return;
}

TEST(TaskGroup, RunsTasks) {
    Loop loop;
    TaskGroup group(no_failure_expected());
    std::promise<void> ran;
    EXPECT_TRUE(group.spawn(loop.executor(), set(ran)));
    ran.get_future().get();
    EXPECT_TRUE(group.close(forever));
    EXPECT_EQ(group.size(), 0U);
}

TEST(TaskGroup, CountsTasksThatHaveNotEnded) {
    asio::io_context context;
    TaskGroup group(no_failure_expected());
    std::atomic<int> count = 0;
    group.spawn(context.get_executor(), count_one(count));
    group.spawn(context.get_executor(), count_one(count));
    EXPECT_EQ(group.size(), 2U);
    context.run();
    EXPECT_EQ(group.size(), 0U);
    EXPECT_EQ(count, 2);
}

TEST(TaskGroup, HandsOverExceptions) {
    asio::io_context context;
    std::string what;
    TaskGroup group([&](const std::exception_ptr& failure) {
        try {
            std::rethrow_exception(failure);
        } catch (const std::logic_error& error) {
            what = error.what();
        }
    });
    group.spawn(context.get_executor(), throw_logic_error());
    context.run();
    EXPECT_EQ(what, "broken");
    EXPECT_EQ(group.size(), 0U);
}

TEST(TaskGroup, RefusesTasksOnceClosed) {
    asio::io_context context;
    TaskGroup group(no_failure_expected());
    std::atomic<int> count = 0;
    EXPECT_TRUE(group.close(0ms));
    EXPECT_FALSE(group.spawn(context.get_executor(), count_one(count)));
    EXPECT_EQ(group.size(), 0U);
    context.run();
    EXPECT_EQ(count, 0);
}

TEST(TaskGroup, WaitsForTasksThatEndInTime) {
    Loop loop;
    TaskGroup group(no_failure_expected());
    std::atomic<bool> ended = false;
    // The task is a coroutine with parameters: a lambda's captures would not live long enough.
    const auto task = [](std::atomic<bool>& flag) -> Task<void> {
        co_await sleep_for(20ms);
        flag = true;
    };
    group.spawn(loop.executor(), task(ended));
    EXPECT_TRUE(group.close(forever));
    EXPECT_TRUE(ended);
}

TEST(TaskGroup, CancelsWhatOutlastsItsPatience) {
    Loop first, second;
    TaskGroup group(no_failure_expected());  // a cancelled task is no failure
    std::promise<void> begun[2];
    std::atomic<bool> cancelled[2] = {false, false};
    group.spawn(first.executor(), wait_forever(begun[0], cancelled[0]));
    group.spawn(second.executor(), wait_forever(begun[1], cancelled[1]));
    for (auto& promise : begun) promise.get_future().get();
    EXPECT_FALSE(group.close(1ms));
    EXPECT_TRUE(cancelled[0]);
    EXPECT_TRUE(cancelled[1]);
    EXPECT_EQ(group.size(), 0U);
    EXPECT_TRUE(group.close(1ms));  // a second time: nothing is left
}

TEST(TaskGroup, ReportsFailuresThatAreNotTheCancellation) {
    Loop loop;
    std::atomic<int> failures = 0;
    TaskGroup group([&](const std::exception_ptr&) { ++failures; });
    std::promise<void> begun;
    const auto task = [](std::promise<void>& has_begun) -> Task<void> {
        has_begun.set_value();
        try {
            co_await sleep_for(forever);
        } catch (const boost::system::system_error&) {
            throw std::runtime_error("broke while it was cancelled");
        }
    };
    group.spawn(loop.executor(), task(begun));
    begun.get_future().get();
    EXPECT_FALSE(group.close(0ms));
    EXPECT_EQ(failures, 1);
}

TEST(TaskGroup, CancelsWhenItGoes) {
    Loop loop;
    std::promise<void> begun;
    std::atomic<bool> cancelled = false;
    {
        TaskGroup group(no_failure_expected());
        group.spawn(loop.executor(), wait_forever(begun, cancelled));
        begun.get_future().get();
    }
    EXPECT_TRUE(cancelled);
}

TEST(TaskGroup, DropsTasksWhoseContextIsGone) {
    TaskGroup group(no_failure_expected());
    std::promise<void> begun;
    std::atomic<bool> cancelled = false;
    std::atomic<int> count = 0;
    {
        asio::io_context context;
        group.spawn(context.get_executor(), wait_forever(begun, cancelled));
        context.poll();
        group.spawn(context.get_executor(), count_one(count));
        EXPECT_EQ(group.size(), 2U);
    }
    EXPECT_EQ(group.size(), 0U);
    EXPECT_EQ(count, 0);
}

// Under TSan this shows that neither spawning nor cancelling races with the tasks.
TEST(TaskGroup, TakesTasksFromManyThreadsWhileItIsClosed) {
    for (int round = 0; round < 10; ++round) {
        Loop loops[2];
        TaskGroup group(no_failure_expected());
        std::atomic<int> accepted = 0;
        std::atomic<int> ended = 0;
        const auto task = [](std::atomic<int>& counter) -> Task<void> {
            struct AtEnd {
                std::atomic<int>& counter;
                ~AtEnd() { ++counter; }
            } at_end{counter};
            co_await sleep_for(forever);
        };
        {
            std::vector<std::jthread> spawners;
            for (int thread = 0; thread < 3; ++thread) {
                spawners.emplace_back([&, executor = loops[thread % 2].executor()] {
                    while (group.spawn(executor, task(ended))) {
                        if (++accepted > 1000) break;
                    }
                });
            }
            while (accepted < 50) std::this_thread::yield();
            EXPECT_FALSE(group.close(0ms));
        }
        EXPECT_EQ(group.size(), 0U);
        EXPECT_LE(ended, accepted);  // those cancelled before they began never counted
    }
}

TEST(SleepFor, LastsItsTime) {
    asio::io_context context;
    TaskGroup group(no_failure_expected());
    std::chrono::steady_clock::duration slept{};
    const auto task = [](std::chrono::steady_clock::duration& result) -> Task<void> {
        const auto start = std::chrono::steady_clock::now();
        co_await sleep_for(20ms);
        result = std::chrono::steady_clock::now() - start;
    };
    group.spawn(context.get_executor(), task(slept));
    context.run();
    EXPECT_GE(slept, 20ms);
}

Task<void> wait_for(Announcements::Ticket ticket, Milliseconds patience,
                    std::optional<bool>& result) {
    result = co_await ticket.wait(patience);
}

TEST(Announcements, WakeWhoeverWaits) {
    asio::io_context context;
    TaskGroup group(no_failure_expected());
    Announcements announcements;
    std::optional<bool> first, second, other;
    const Executor executor = context.get_executor();
    group.spawn(executor, wait_for(announcements.ticket(executor, "a"), forever, first));
    group.spawn(executor, wait_for(announcements.ticket(executor, "a"), forever, second));
    group.spawn(executor, wait_for(announcements.ticket(executor, "b"), forever, other));
    context.poll();
    EXPECT_FALSE(first);

    announcements.announce("a");
    context.poll();
    EXPECT_EQ(first, true);
    EXPECT_EQ(second, true);
    EXPECT_FALSE(other);

    announcements.announce("b");
    context.run();
    EXPECT_EQ(other, true);
}

TEST(Announcements, AreNotMissedByATicketTakenBefore) {
    asio::io_context context;
    TaskGroup group(no_failure_expected());
    Announcements announcements;
    auto ticket = announcements.ticket(context.get_executor(), "a");
    announcements.announce("a");
    std::optional<bool> result;
    group.spawn(context.get_executor(), wait_for(std::move(ticket), forever, result));
    context.run();
    EXPECT_EQ(result, true);
}

TEST(Announcements, AreNotForTicketsTakenAfter) {
    asio::io_context context;
    TaskGroup group(no_failure_expected());
    Announcements announcements;
    announcements.announce("a");
    std::optional<bool> result;
    const Executor executor = context.get_executor();
    group.spawn(executor, wait_for(announcements.ticket(executor, "a"), 1ms, result));
    context.run();
    EXPECT_EQ(result, false);
}

TEST(Announcements, CanBeWaitedForAgainAfterPatienceIsOver) {
    asio::io_context context;
    TaskGroup group(no_failure_expected());
    Announcements announcements;
    std::vector<bool> results;
    const auto task = [](Announcements::Ticket ticket, Announcements& source,
                         std::vector<bool>& answers) -> Task<void> {
        const bool before = co_await ticket.wait(1ms);
        answers.push_back(before);
        source.announce("a");
        const bool after = co_await ticket.wait(forever);
        answers.push_back(after);
        const bool once_more = co_await ticket.wait(forever);
        answers.push_back(once_more);
    };
    group.spawn(context.get_executor(),
                task(announcements.ticket(context.get_executor(), "a"), announcements, results));
    context.run();
    EXPECT_EQ(results, (std::vector<bool>{false, true, true}));
}

TEST(Announcements, MayGoBeforeTheirTickets) {
    asio::io_context context;
    TaskGroup group(no_failure_expected());
    auto announcements = std::make_unique<Announcements>();
    auto unused = announcements->ticket(context.get_executor(), "a");
    std::optional<bool> result;
    group.spawn(context.get_executor(),
                wait_for(announcements->ticket(context.get_executor(), "a"), 1ms, result));
    announcements.reset();
    context.run();
    EXPECT_EQ(result, false);
}

TEST(Announcements, EndWithACancelledTask) {
    Loop loop;
    TaskGroup group(no_failure_expected());
    Announcements announcements;
    std::promise<void> begun;
    std::atomic<bool> aborted = false;
    const auto task = [](Announcements::Ticket ticket, std::promise<void>& has_begun,
                         std::atomic<bool>& was_aborted) -> Task<void> {
        has_begun.set_value();
        try {
            (void)co_await ticket.wait(forever);
        } catch (const boost::system::system_error& error) {
            was_aborted = error.code() == asio::error::operation_aborted;
        }
    };
    group.spawn(loop.executor(), task(announcements.ticket(loop.executor(), "a"), begun, aborted));
    begun.get_future().get();
    EXPECT_FALSE(group.close(0ms));
    EXPECT_TRUE(aborted);
}

// Each round is announced by another thread at an arbitrary moment around the wait: a miss would
// make the round last for ever.
TEST(Announcements, FromAnotherThreadAreNeverMissed) {
    constexpr int rounds = 2000;
    Loop loop;
    TaskGroup group(no_failure_expected());
    Announcements announcements;
    std::atomic<int> started = 0;
    std::atomic<int> heard = 0;
    std::promise<void> done;
    const auto task = [](Executor executor, Announcements& source, std::atomic<int>& begun,
                         std::atomic<int>& announced, std::promise<void>& end) -> Task<void> {
        for (int round = 0; round < rounds; ++round) {
            auto ticket = source.ticket(executor, "name");
            ++begun;
            const bool in_time = co_await ticket.wait(forever);
            if (in_time) ++announced;
        }
        end.set_value();
    };
    group.spawn(loop.executor(), task(loop.executor(), announcements, started, heard, done));
    for (int round = 1; round <= rounds; ++round) {
        while (started < round) std::this_thread::yield();
        announcements.announce("name");
    }
    done.get_future().get();
    EXPECT_EQ(heard, rounds);
    EXPECT_TRUE(group.close(forever));
}

}  // namespace
}  // namespace cairn::base::task_test
