#include "ca/work/retention_rounds.h"

#include <atomic>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include "ca/ports/repository.h"
#include "ca/ports/work_leases.h"

namespace cairn::ca::retention_rounds_test {
namespace {

using namespace std::chrono_literals;

/// Gives every lease at once.
class OneNode final : public WorkLeases {
  public:
    base::Task<Lease> try_lease(std::string, base::Milliseconds duration) override {
        co_return Lease{Lease::Holder::this_node, duration};
    }
    base::Task<void> release(std::string) override { co_return; }
};

class RetentionRoundsTest : public ::testing::Test {
  protected:
    ~RetentionRoundsTest() override {
        rounds.stop();
        context.stop();
    }
    base::Task<Removal> remove(RetentionCutoffs cutoffs, std::size_t at_most) {
        EXPECT_EQ(cutoffs.orders, now - 1h);
        EXPECT_EQ(at_most, 7U);
        const int step = ++steps;
        if (step == 2) throw StoreUnavailable("the disk is full");
        co_return Removal{.removed = 3, .is_round_over = step % 4 == 0};
    }
    [[nodiscard]] bool reaches(int count) {
        const auto deadline = std::chrono::steady_clock::now() + 30s;
        while (steps < count && std::chrono::steady_clock::now() < deadline)
            std::this_thread::sleep_for(1ms);
        return steps >= count;
    }

    std::atomic<int> steps = 0;
    static constexpr base::Time now{base::Seconds{1'800'000'000}};
    std::atomic<base::Seconds> leap{base::Seconds(0)};
    ClockWatch clock{{}, [this] { return base::ClockReading{now + leap.load(), 1h}; }};
    std::unique_ptr<base::Log> log = base::silent_log();
    OneNode leases;
    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
        context.get_executor()};
    RetentionRounds rounds{
        [this](RetentionCutoffs cutoffs, std::size_t at_most) { return remove(cutoffs, at_most); },
        {.orders = 1h},
        clock,
        leases,
        *log,
        {.at_most = 7,
         .between_steps = 1ms,
         .share_of_rest = 20,
         .between_rounds = 2ms,
         .lease = 60ms}};
    std::jthread thread{[this] { context.run(); }};
};

TEST_F(RetentionRoundsTest, GoesRoundAfterRoundAndOverFailures) {
    clock.begin(std::nullopt);
    rounds.start(context.get_executor());
    EXPECT_TRUE(reaches(20));
    rounds.stop();
    const int last = steps;
    rounds.start(context.get_executor());
    EXPECT_EQ(steps, last) << "it is over";
}

TEST_F(RetentionRoundsTest, RestsWhileTheClockIsNotBelieved) {
    clock.begin(std::nullopt);
    leap = 48h;
    rounds.start(context.get_executor());
    std::this_thread::sleep_for(50ms);
    EXPECT_EQ(steps, 0);
    leap = 0s;
    EXPECT_TRUE(reaches(3));
}

}  // namespace
}  // namespace cairn::ca::retention_rounds_test
