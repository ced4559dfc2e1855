#include "ca/work/jobs_in_flight.h"

#include <stdexcept>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "ca/facts/id.h"

namespace cairn::ca::jobs_in_flight_test {
namespace {

using namespace std::chrono_literals;

using Works = JobsInFlight<OrderId, std::string, int>;

class JobsInFlightTest : public ::testing::Test {
  protected:
    crypto::SystemRandom random;
    const OrderId id = OrderId::fresh(base::Time(1s), random);
    const Works::Moment now = std::chrono::steady_clock::now();
    base::Announcements announcements;
    Works works{announcements};
};

TEST_F(JobsInFlightTest, HandsTheFactsToTheJobAndTheResultToWhoBegan) {
    const auto beginning = works.begin(id, "facts", now);
    EXPECT_TRUE(beginning.is_new);
    EXPECT_FALSE(works.result_of(beginning.job));
    {
        Works::Job job(works, id);
        ASSERT_TRUE(works.find(id));
        EXPECT_EQ(works.find(id)->facts, "facts");
        job.set_result(7);
        EXPECT_FALSE(works.result_of(beginning.job)) << "before the job has ended";
    }
    EXPECT_EQ(works.result_of(beginning.job), 7);
    EXPECT_FALSE(works.find(id));
}

TEST_F(JobsInFlightTest, LetsASecondRequestShareWhatIsUnderWay) {
    const auto first = works.begin(id, "first", now);
    const auto second = works.begin(id, "second", now);
    EXPECT_FALSE(second.is_new);
    EXPECT_EQ(second.job->facts, "first");
    {
        Works::Job(works, id).set_result(7);
    }
    EXPECT_EQ(works.result_of(second.job), 7);
    EXPECT_TRUE(works.begin(id, "third", now).is_new);
}

TEST_F(JobsInFlightTest, HasNoResultOfAJobThatFailed) {
    const auto beginning = works.begin(id, "facts", now);
    const auto fail = [&] {
        Works::Job job(works, id);
        throw std::runtime_error("no");
    };
    EXPECT_THROW(fail(), std::runtime_error);
    EXPECT_FALSE(works.result_of(beginning.job));
    EXPECT_FALSE(works.find(id));
}

TEST_F(JobsInFlightTest, KnowsNothingOfWhatWasWithdrawnOrNeverBegun) {
    const auto beginning = works.begin(id, "facts", now);
    works.withdraw(id);
    EXPECT_FALSE(works.find(id));
    EXPECT_FALSE(works.result_of(beginning.job));
    EXPECT_FALSE(works.result_of(nullptr));
    // A job of another process's making ends without a trace here.
    {
        Works::Job(works, id).set_result(7);
    }
    EXPECT_FALSE(works.find(id));
}

TEST_F(JobsInFlightTest, SaysWhetherFactsMayHaveChanged) {
    EXPECT_TRUE(works.begin(id, "facts", now).job->is_fresh());
    works.withdraw(id);
    EXPECT_FALSE(works.begin(id, "facts", now - 3s).job->is_fresh());
    works.withdraw(id);
    EXPECT_FALSE(works.begin(id, "facts", Works::Moment::min()).job->is_fresh());
}

TEST_F(JobsInFlightTest, BeginsNothingThatMayHaveEndedAlready) {
    auto foreign_endings = works.foreign_endings();
    EXPECT_TRUE(works.begin_written(id, "facts", now, foreign_endings));
    {
        Works::Job(works, id).set_result(7);
    }
    EXPECT_EQ(works.foreign_endings(), foreign_endings) << "that was a job";
    // The job was found in the store, and has ended, before its writer came to begin it.
    {
        const Works::Job job(works, id);
    }
    EXPECT_FALSE(works.begin_written(id, "facts", now, foreign_endings));
    EXPECT_FALSE(works.find(id));
}

// Another thread ends jobs as fast as this one waits for them.
TEST_F(JobsInFlightTest, WakesWhoWaitsAndThenHasTheResult) {
    boost::asio::io_context loop;
    auto wait = [&]() -> base::Task<int> {
        int sum = 0;
        for (int i = 0; i < 200; ++i) {
            auto ticket = announcements.ticket(loop.get_executor(), id.to_string());
            const auto beginning = works.begin(id, "facts", now);
            const std::jthread worker([&] { Works::Job(works, id).set_result(1); });
            const bool is_announced = co_await ticket.wait(10s);
            const auto result = works.result_of(beginning.job);
            if (is_announced && result) sum += *result;
        }
        co_return sum;
    };
    auto seen = boost::asio::co_spawn(loop, wait(), boost::asio::use_future);
    loop.run();
    EXPECT_EQ(seen.get(), 200);
}

TEST_F(JobsInFlightTest, TellsNobodyOfAJobThatIsTriedAgain) {
    boost::asio::io_context loop;
    auto wait = [&]() -> base::Task<bool> {
        auto ticket = announcements.ticket(loop.get_executor(), id.to_string());
        try {
            const Works::Job job(works, id);
            throw std::runtime_error("the store is away");
        } catch (const std::runtime_error&) {
        }
        const bool is_announced = co_await ticket.wait(1ms);
        co_return is_announced;
    };
    auto seen = boost::asio::co_spawn(loop, wait(), boost::asio::use_future);
    loop.run();
    EXPECT_FALSE(seen.get());
}

}  // namespace
}  // namespace cairn::ca::jobs_in_flight_test
