#include "ca/work/job_queue.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <map>
#include <mutex>
#include <new>
#include <set>
#include <system_error>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include "base/shortage.h"
#include "ca/ports/repository.h"

namespace cairn::ca::job_queue_test {
namespace {

using namespace std::chrono_literals;

// A job of an owner of its own.
QueuedJob job(const std::string& id) {
    return {.id = id, .owner = "owner of " + id};
}

// A store of jobs: what is in it is unfinished.
class Jobs {
  public:
    void add(const std::string& id) {
        const std::scoped_lock lock(mutex_);
        open_.insert(id);
    }
    void finish(const std::string& id) {
        const std::scoped_lock lock(mutex_);
        open_.erase(id);
        ++runs_[id];
        changed_.notify_all();
    }
    std::vector<QueuedJob> list(std::size_t limit) {
        const std::scoped_lock lock(mutex_);
        std::vector<QueuedJob> jobs;
        for (const auto& id : open_)
            if (jobs.size() < limit) jobs.push_back(job(id));
        return jobs;
    }
    [[nodiscard]] bool wait_until_all_done() {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 10s, [&] { return open_.empty(); });
    }
    int runs(const std::string& id) {
        const std::scoped_lock lock(mutex_);
        return runs_[id];
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::set<std::string> open_;
    std::map<std::string, int> runs_;
};

// What an observer was told, added up.
class Tally final : public Observer {
  public:
    void jobs_waiting(Queue queue, std::ptrdiff_t change) override {
        EXPECT_EQ(queue, Queue::issuance);
        most_waiting = std::max<std::ptrdiff_t>(most_waiting, waiting += change);
    }
    void jobs_running(Queue, std::ptrdiff_t change) override {
        most_running = std::max<std::ptrdiff_t>(most_running, running += change);
    }
    void job_ended(Queue, JobEnding ending, Duration) override {
        ++ended.at(static_cast<std::size_t>(ending));
    }
    [[nodiscard]] int ends(JobEnding ending) const {
        return ended.at(static_cast<std::size_t>(ending));
    }

    std::atomic<std::ptrdiff_t> waiting = 0, running = 0, most_waiting = 0, most_running = 0;
    std::array<std::atomic<int>, 3> ended{};
};

class JobQueueTest : public ::testing::Test {
  protected:
    ~JobQueueTest() override {
        guard_.reset();
        thread_.join();
    }
    using Once = std::function<base::Task<void>(std::string id)>;
    JobQueue queue(JobQueue::Options options, Once run) {
        return queue_of_tries(
            std::move(options),
            [run = std::move(run)](std::string id) -> base::Task<JobQueue::Again> {
                co_await run(std::move(id));
                co_return std::nullopt;
            });
    }
    JobQueue queue_of_tries(JobQueue::Options options, JobQueue::Run run) {
        options.queue = Observer::Queue::issuance;
        return {std::move(options),
                [this] { return base::Executor(loop_.get_executor()); },
                std::move(run),
                [this](std::string id) -> base::Task<void> {
                    ++given_up_;
                    jobs_.finish(id);
                    co_return;
                },
                [this](std::size_t limit) -> base::Task<std::vector<QueuedJob>> {
                    co_return jobs_.list(limit);
                },
                *log_,
                observer_};
    }

    Jobs jobs_;
    Tally observer_;
    std::atomic<int> given_up_ = 0;
    std::unique_ptr<base::Log> log_ = base::silent_log();
    boost::asio::io_context loop_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{
        loop_.get_executor()};
    std::thread thread_{[this] { loop_.run(); }};
};

TEST_F(JobQueueTest, TakesUpWhatTheStoreHasFromBefore) {
    for (const char* id : {"a", "b", "c"}) jobs_.add(id);
    auto jobs = queue({.name = "test"}, [this](std::string id) -> base::Task<void> {
        jobs_.finish(id);
        co_return;
    });
    jobs.start();
    EXPECT_TRUE(jobs_.wait_until_all_done());
}

TEST_F(JobQueueTest, TriesAgainWhatFailed) {
    jobs_.add("a");
    std::atomic<int> attempts = 0;
    auto jobs = queue({.name = "test", .recheck = 10ms}, [&](std::string id) -> base::Task<void> {
        if (++attempts == 1) throw StoreUnavailable("the store is away");
        if (attempts == 2) throw OutcomeUnknown("its answer was lost");
        jobs_.finish(id);
        co_return;
    });
    jobs.start();
    EXPECT_TRUE(jobs_.wait_until_all_done());
    jobs.stop(10s);
    EXPECT_EQ(attempts, 3);
    EXPECT_EQ(observer_.ends(Observer::JobEnding::left), 2);
    EXPECT_EQ(observer_.ends(Observer::JobEnding::done), 1);
    EXPECT_EQ(given_up_, 0);
}

TEST_F(JobQueueTest, EndsWhatWouldFailForEver) {
    jobs_.add("a");
    std::atomic<int> attempts = 0;
    auto jobs = queue({.name = "test", .recheck = 10ms}, [&](std::string) -> base::Task<void> {
        ++attempts;
        throw std::logic_error("a bug");
        co_return;
    });
    jobs.start();
    EXPECT_TRUE(jobs_.wait_until_all_done());
    EXPECT_EQ(attempts, 1);
    EXPECT_EQ(given_up_, 1);
    EXPECT_EQ(observer_.ends(Observer::JobEnding::broken), 1);
}

TEST_F(JobQueueTest, BoundsWhatRunsAndLosesNothing) {
    std::atomic<int> running = 0, most = 0;
    auto jobs = queue({.name = "test", .parallel = 3, .waiting = 5, .recheck = 5ms},
                      [&](std::string id) -> base::Task<void> {
                          most = std::max(most.load(), ++running);
                          co_await base::sleep_for(1ms);
                          --running;
                          jobs_.finish(id);
                      });
    jobs.start();
    for (int i = 0; i < 100; ++i) {
        jobs_.add(std::to_string(i));
        jobs.submit(job(std::to_string(i)));
    }
    EXPECT_TRUE(jobs_.wait_until_all_done());
    EXPECT_LE(most, 3);
    jobs.stop(10s);
    EXPECT_EQ(observer_.most_running, 3);
    EXPECT_EQ(observer_.most_waiting, 5);
    EXPECT_EQ(observer_.running, 0);
    EXPECT_EQ(observer_.waiting, 0);
}

TEST_F(JobQueueTest, RunsAnIdOnceAtATime) {
    std::atomic<int> running = 0;
    std::atomic<bool> overlapped = false;
    auto jobs = queue({.name = "test", .recheck = 1ms}, [&](std::string id) -> base::Task<void> {
        if (++running > 1) overlapped = true;
        co_await base::sleep_for(20ms);
        --running;
        jobs_.finish(id);
    });
    jobs_.add("a");
    jobs.start();
    for (int i = 0; i < 50; ++i) jobs.submit(job("a"));
    EXPECT_TRUE(jobs_.wait_until_all_done());
    EXPECT_FALSE(overlapped);
}

TEST_F(JobQueueTest, StopWaitsForWhatRuns) {
    std::atomic<bool> begun = false, ended = false;
    auto jobs = queue({.name = "test"}, [&](std::string) -> base::Task<void> {
        begun = true;
        begun.notify_all();
        co_await base::sleep_for(30ms);
        ended = true;
    });
    jobs.submit(job("a"));
    begun.wait(false);
    jobs.stop(10s);
    EXPECT_TRUE(ended);
    EXPECT_EQ(jobs.size(), 0U);
}

TEST_F(JobQueueTest, AShortageMakesAJobRestLongerEachTime) {
    std::vector<std::chrono::steady_clock::time_point> tries;
    auto jobs = queue({.name = "test", .recheck = 1h, .first_rest = 20ms, .longest_rest = 50ms},
                      [&](std::string id) -> base::Task<void> {
                          tries.push_back(std::chrono::steady_clock::now());
                          if (tries.size() == 1) throw base::Shortage("no descriptors");
                          if (tries.size() == 2) throw std::bad_alloc();
                          if (tries.size() == 3)
                              throw std::system_error(EMFILE, std::system_category());
                          jobs_.finish(id);
                          co_return;
                      });
    jobs_.add("a");
    EXPECT_EQ(jobs.submit(job("a")), JobQueue::Submission::taken);
    EXPECT_TRUE(jobs_.wait_until_all_done());
    jobs.stop(10s);
    ASSERT_EQ(tries.size(), 4U);
    EXPECT_GE(tries[1] - tries[0], 20ms);
    EXPECT_GE(tries[2] - tries[1], 40ms);
    EXPECT_GE(tries[3] - tries[2], 50ms);
    EXPECT_EQ(given_up_, 0);
    EXPECT_EQ(observer_.ends(Observer::JobEnding::left), 3);
    EXPECT_EQ(observer_.waiting, 0);
    EXPECT_EQ(observer_.running, 0);
}

TEST_F(JobQueueTest, RunsAJobAgainThatAsksForIt) {
    std::atomic<int> tries = 0;
    auto jobs = queue_of_tries({.name = "test", .recheck = 1h},
                               [&](std::string id) -> base::Task<JobQueue::Again> {
                                   if (++tries < 3) co_return JobQueue::Again(1ms);
                                   jobs_.finish(id);
                                   co_return std::nullopt;
                               });
    jobs_.add("a");
    jobs.submit(job("a"));
    EXPECT_TRUE(jobs_.wait_until_all_done());
    jobs.stop(10s);
    EXPECT_EQ(tries, 3);
    EXPECT_EQ(observer_.ends(Observer::JobEnding::done), 3);
}

TEST_F(JobQueueTest, AJobAtRestIsNotBegunTwiceAndHoldsUpNoEnd) {
    std::atomic<int> tries = 0;
    auto jobs = queue_of_tries({.name = "test", .recheck = 1h},
                               [&](std::string) -> base::Task<JobQueue::Again> {
                                   ++tries;
                                   tries.notify_all();
                                   co_return JobQueue::Again(1h);
                               });
    jobs.submit(job("a"));
    tries.wait(0);
    EXPECT_EQ(jobs.submit(job("a")), JobQueue::Submission::known);
    const auto begin = std::chrono::steady_clock::now();
    jobs.stop(10s);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
    EXPECT_EQ(tries, 1);
    EXPECT_EQ(jobs.submit(job("b")), JobQueue::Submission::stopped);
    EXPECT_EQ(observer_.waiting, 0);
}

TEST_F(JobQueueTest, OneOwnersJobsKeepNobodyWaiting) {
    std::atomic<bool> open = false;
    auto jobs = queue({.name = "test", .parallel = 90, .recheck = 1h},
                      [&](std::string id) -> base::Task<void> {
                          while (id.starts_with("greedy") && !open) co_await base::sleep_for(1ms);
                          jobs_.finish(id);
                      });
    for (int i = 0; i < 800; ++i)
        EXPECT_EQ(jobs.submit({.id = "greedy " + std::to_string(i), .owner = "greedy"}),
                  JobQueue::Submission::taken);
    jobs_.add("honest");
    jobs.submit({.id = "honest", .owner = "honest"});
    EXPECT_TRUE(jobs_.wait_until_all_done());
    EXPECT_EQ(observer_.most_running, 11) << "ten places of 90 for the one, one for the other";
    open = true;
    jobs.stop(10s);
}

TEST_F(JobQueueTest, SaysWhoseRoomToWaitIsOver) {
    std::atomic<bool> open = false;
    auto jobs = queue({.name = "test", .parallel = 1, .waiting = 18, .recheck = 1h},
                      [&](std::string) -> base::Task<void> {
                          while (!open) co_await base::sleep_for(1ms);
                      });
    for (int i = 0; i < 3; ++i) jobs.submit({.id = std::to_string(i), .owner = "greedy"});
    EXPECT_EQ(jobs.submit({.id = "x", .owner = "greedy"}), JobQueue::Submission::owner_full);
    int owners = 0;
    while (jobs.submit(job("o" + std::to_string(owners))) == JobQueue::Submission::taken) ++owners;
    EXPECT_EQ(owners, 16);
    EXPECT_EQ(jobs.submit(job("last")), JobQueue::Submission::full);
    open = true;
}

}  // namespace
}  // namespace cairn::ca::job_queue_test
