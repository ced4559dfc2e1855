#include "ca/job_queue.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include "ca/repository.h"

namespace cairn::ca {
namespace {

using namespace std::chrono_literals;

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
    std::vector<std::string> list(std::size_t limit) {
        const std::scoped_lock lock(mutex_);
        std::vector<std::string> ids(open_.begin(), open_.end());
        ids.resize(std::min(ids.size(), limit));
        return ids;
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

class JobQueueTest : public testing::Test {
  protected:
    ~JobQueueTest() override {
        guard_.reset();
        thread_.join();
    }
    JobQueue queue(JobQueue::Options options, JobQueue::Run run) {
        options.queue = Observer::Queue::issuance;
        return {std::move(options),
                [this] { return base::Executor(loop_.get_executor()); },
                std::move(run),
                [this](std::string id) -> base::Task<void> {
                    ++given_up_;
                    jobs_.finish(id);
                    co_return;
                },
                [this](std::size_t limit) -> base::Task<std::vector<std::string>> {
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
        jobs.submit(std::to_string(i));
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
    for (int i = 0; i < 50; ++i) jobs.submit("a");
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
    jobs.submit("a");
    begun.wait(false);
    jobs.stop(10s);
    EXPECT_TRUE(ended);
    EXPECT_EQ(jobs.size(), 0U);
}

}  // namespace
}  // namespace cairn::ca
