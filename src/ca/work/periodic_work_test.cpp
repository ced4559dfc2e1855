#include "ca/work/periodic_work.h"

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include "ca/ports/repository.h"

namespace cairn::ca::periodic_work_test {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

/// The leases of one work, as a store keeps them for several nodes.
class SharedLease {
  public:
    WorkLeases::Lease ask(int node, base::Milliseconds duration) {
        using enum WorkLeases::Lease::Holder;
        const std::scoped_lock lock(mutex_);
        ++questions_;
        const auto now = SteadyClock::now();
        if (holder_ && holder_ != node && now < until_)
            return {another, std::chrono::ceil<base::Milliseconds>(until_ - now)};
        holder_ = node;
        until_ = now + duration;
        return {this_node, duration};
    }
    void release(int node) {
        const std::scoped_lock lock(mutex_);
        if (holder_ == node) holder_.reset();
    }
    [[nodiscard]] std::optional<int> holder() {
        const std::scoped_lock lock(mutex_);
        return holder_;
    }
    [[nodiscard]] int questions() {
        const std::scoped_lock lock(mutex_);
        return questions_;
    }

  private:
    std::mutex mutex_;
    std::optional<int> holder_;
    SteadyClock::time_point until_;
    int questions_ = 0;
};

/// What one node sees of it.
class NodeLeases final : public WorkLeases {
  public:
    NodeLeases(SharedLease& shared, int node) : shared_(shared), node_(node) {}

    base::Task<Lease> try_lease(std::string work, base::Milliseconds duration) override {
        EXPECT_EQ(work, "sweeping");
        if (is_away) throw StoreUnavailable("the database is away");
        co_return shared_.ask(node_, duration);
    }
    base::Task<void> release(std::string work) override {
        EXPECT_EQ(work, "sweeping");
        shared_.release(node_);
        co_return;
    }

    std::atomic<bool> is_away = false;

  private:
    SharedLease& shared_;
    const int node_;
};

class PeriodicWorkTest : public ::testing::Test {
  protected:
    /// A node and its work.
    struct Node {
        Node(SharedLease& shared, int number, PeriodicWork::Options options,
             PeriodicWork::Round round, base::Log& log)
            : leases(shared, number), work(std::move(options), std::move(round), leases, log) {}
        NodeLeases leases;
        PeriodicWork work;
    };
    ~PeriodicWorkTest() override {
        for (auto& node : nodes) node->work.stop();
        context.stop();
    }
    Node& add(PeriodicWork::Round round, base::Milliseconds between_rounds = 5ms,
              base::Milliseconds lease = 1500ms, std::function<bool()> is_able = nullptr) {
        nodes.push_back(
            std::make_unique<Node>(shared, static_cast<int>(nodes.size()),
                                   PeriodicWork::Options{.name = "sweeping",
                                                         .between_rounds = between_rounds,
                                                         .lease = lease,
                                                         .is_able = std::move(is_able)},
                                   std::move(round), *log));
        return *nodes.back();
    }
    /// What a round counts in: it outlives the nodes, which the body of a test does not.
    std::atomic<int>& counter() { return counters.emplace_back(0); }
    /// A round that only counts.
    static PeriodicWork::Round counting(std::atomic<int>& rounds) {
        return [&rounds](PeriodicWork::Turn&) -> base::Task<void> {
            ++rounds;
            co_return;
        };
    }
    static bool eventually(const std::function<bool()>& condition) {
        const auto deadline = SteadyClock::now() + 30s;
        while (!condition()) {
            if (SteadyClock::now() > deadline) return false;
            std::this_thread::sleep_for(1ms);
        }
        return true;
    }

    SharedLease shared;
    std::unique_ptr<base::Log> log = base::silent_log();
    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{
        context.get_executor()};
    std::deque<std::atomic<int>> counters;
    std::vector<std::unique_ptr<Node>> nodes;
    std::jthread thread{[this] { context.run(); }};
};

TEST_F(PeriodicWorkTest, IsDoneByOneNodeAndByAnotherWhenThatIsGone) {
    auto& first_rounds = counter();
    auto& second_rounds = counter();
    auto& first = add(counting(first_rounds));
    auto& second = add(counting(second_rounds));
    first.work.start(context.get_executor());
    EXPECT_TRUE(eventually([&] { return first_rounds >= 1; }));
    second.work.start(context.get_executor());
    // For longer than the lease, which is renewed.
    const auto begun = SteadyClock::now();
    EXPECT_TRUE(eventually([&] { return SteadyClock::now() - begun > 2500ms; }));
    EXPECT_EQ(second_rounds, 0);
    EXPECT_GT(first_rounds, 10);

    first.work.stop();
    const auto died = SteadyClock::now();
    EXPECT_TRUE(eventually([&] { return second_rounds >= 1; }));
    const auto gap = SteadyClock::now() - died;
    EXPECT_GT(gap, 100ms) << "the lease was not waited for";
    EXPECT_LT(gap, 10s);
    EXPECT_EQ(shared.holder(), 1);
}

TEST_F(PeriodicWorkTest, AsksForTheLeaseWhenItHasToBeRenewedAndNotForEachRound) {
    auto& rounds = counter();
    add(counting(rounds), 1ms, 60s).work.start(context.get_executor());
    EXPECT_TRUE(eventually([&] { return rounds >= 50; }));
    EXPECT_EQ(shared.questions(), 1);
}

TEST_F(PeriodicWorkTest, LetsAnotherNodeDoWhatItCannot) {
    auto& is_able = counter();
    is_able = 1;
    auto& first_rounds = counter();
    auto& second_rounds = counter();
    auto& first = add(counting(first_rounds), 5ms, 60s, [&] { return is_able != 0; });
    auto& second = add(counting(second_rounds), 5ms, 200ms);
    first.work.start(context.get_executor());
    EXPECT_TRUE(eventually([&] { return first_rounds >= 3; }));
    is_able = 0;
    EXPECT_TRUE(eventually([&] { return shared.holder() != 0; }));
    const auto done = first_rounds.load();
    second.work.start(context.get_executor());
    EXPECT_TRUE(eventually([&] { return second_rounds >= 3; }));
    EXPECT_EQ(shared.holder(), 1);
    EXPECT_EQ(first_rounds, done);
}

TEST_F(PeriodicWorkTest, BeginsAtOnceWhenItCanAgain) {
    auto& is_able = counter();
    auto& looks = counter();
    auto& rounds = counter();
    auto& alone = add(counting(rounds), 600s, 600s, [&] {
        ++looks;
        return is_able != 0;
    });
    alone.work.start(context.get_executor());
    EXPECT_TRUE(eventually([&] { return looks >= 2; }));
    EXPECT_EQ(shared.questions(), 0) << "it asked for what it cannot do";
    is_able = 1;
    EXPECT_TRUE(eventually([&] { return rounds == 1; }));
}

TEST_F(PeriodicWorkTest, TellsARoundThatAnotherNodeHasTheWork) {
    auto& steps = counter();
    auto& lost = counter();
    auto& slow = add([&](PeriodicWork::Turn& turn) -> base::Task<void> {
        for (bool goes_on = true; goes_on;) {
            ++steps;
            goes_on = co_await turn.goes_on_after(1ms);
        }
        ++lost;
    });
    slow.work.start(context.get_executor());
    // Many times as long as the lease is good for without renewal.
    EXPECT_TRUE(eventually([&] { return shared.questions() >= 5; }));
    EXPECT_EQ(lost, 0);
    // As if the database had lost the lease.
    shared.release(0);
    (void)shared.ask(1, 60s);
    EXPECT_TRUE(eventually([&] { return lost == 1; }));
    EXPECT_EQ(shared.holder(), 1);
}

TEST_F(PeriodicWorkTest, KeepsTheLeaseDuringALongPause) {
    auto& ended = counter();
    auto& resting = add(
        [&](PeriodicWork::Turn& turn) -> base::Task<void> {
            const bool goes_on = co_await turn.goes_on_after(2500ms);
            EXPECT_TRUE(goes_on);
            ++ended;
        },
        600s, 1500ms);
    resting.work.start(context.get_executor());
    EXPECT_TRUE(eventually([&] { return shared.holder() == 0; }));
    EXPECT_TRUE(eventually([&] {
        const bool is_free = shared.ask(1, 0ms).holder == WorkLeases::Lease::Holder::this_node;
        return ended > 0 || (shared.holder() == 1 && is_free);
    }));
    EXPECT_EQ(shared.holder(), 0);
    EXPECT_EQ(ended, 1);
}

TEST_F(PeriodicWorkTest, GoesOnAfterTheStoreWasAway) {
    auto& rounds = counter();
    auto& node = add(counting(rounds));
    node.leases.is_away = true;
    node.work.start(context.get_executor());
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(rounds, 0);
    node.leases.is_away = false;
    EXPECT_TRUE(eventually([&] { return rounds >= 3; }));
}

TEST_F(PeriodicWorkTest, GoesOnAfterARoundThatFailedForWantOfTheStore) {
    auto& rounds = counter();
    auto& node = add([&](PeriodicWork::Turn&) -> base::Task<void> {
        if (++rounds == 2) throw StoreUnavailable("the disk is full");
        co_return;
    });
    node.work.start(context.get_executor());
    EXPECT_TRUE(eventually([&] { return rounds >= 5; }));
}

}  // namespace
}  // namespace cairn::ca::periodic_work_test
