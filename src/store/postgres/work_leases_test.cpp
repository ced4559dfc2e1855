#include <algorithm>
#include <atomic>
#include <vector>

#include "base/clock.h"
#include "ca/work/clock_watch.h"
#include "ca/work/retention_rounds.h"
#include "store/postgres/testing/nodes_fixture.h"

namespace cairn::store::testing::work_leases_test {
namespace {

using Holder = ca::WorkLeases::Lease::Holder;

class WorkLeasesTest : public PostgresNodes {
  protected:
    static ca::WorkLeases::Lease ask(ca::SharedRepository& node, base::Milliseconds duration = 60s,
                                     const std::string& work = "retention") {
        return await(node.try_lease(work, duration));
    }
    static bool gets(ca::SharedRepository& node, base::Milliseconds duration = 60s,
                     const std::string& work = "retention") {
        return ask(node, duration, work).holder == Holder::this_node;
    }
};

TEST_F(WorkLeasesTest, OneOfTwoNodesHasAWork) {
    open_both();
    EXPECT_TRUE(gets(*here));
    const auto refusal = ask(*there, 1s);
    EXPECT_EQ(refusal.holder, Holder::another);
    EXPECT_GT(refusal.left, 50s);
    EXPECT_LE(refusal.left, 60s);
    EXPECT_TRUE(gets(*there, 60s, "crl of ca-1")) << "each work has its own lease";
    EXPECT_FALSE(gets(*here, 60s, "crl of ca-1"));
    EXPECT_TRUE(gets(*here)) << "it is renewed";
}

TEST_F(WorkLeasesTest, OneOfManyNodesThatAskAtOnceGetsAWork) {
    std::vector<std::unique_ptr<ca::SharedRepository>> nodes;
    for (int i = 0; i < 3; ++i) nodes.push_back(open("node"));
    for (int round = 0; round < 10; ++round) {
        std::vector<base::Task<ca::WorkLeases::Lease>> questions;
        for (int i = 0; i < 30; ++i)
            questions.push_back(
                nodes[static_cast<std::size_t>(i % 3)]->try_lease(std::to_string(round), 60s));
        const auto answers = await_all(std::move(questions));
        // Whoever has it gets it each time.
        EXPECT_EQ(std::ranges::count(answers, Holder::this_node, &ca::WorkLeases::Lease::holder),
                  10);
    }
    nodes.clear();
}

// A node that died, or was cut off, does not renew.
TEST_F(WorkLeasesTest, AnotherNodeHasAWorkOnceTheLeaseOfTheFirstHasEnded) {
    open_both();
    EXPECT_TRUE(gets(*here, 2s));
    const auto begun = std::chrono::steady_clock::now();
    const auto refusal = ask(*there);
    EXPECT_EQ(refusal.holder, Holder::another);
    EXPECT_LE(refusal.left, 2s);
    std::this_thread::sleep_for(refusal.left);
    EXPECT_TRUE(eventually([&] { return gets(*there); }));
    EXPECT_GE(std::chrono::steady_clock::now() - begun, 1s);
    EXPECT_FALSE(gets(*here));
}

TEST_F(WorkLeasesTest, AnotherNodeNeedNotWaitForANodeThatEndsInGoodOrder) {
    open_both();
    EXPECT_TRUE(gets(*here, 600s));
    here.reset();
    EXPECT_TRUE(gets(*there));
    here = open("here again");
    EXPECT_FALSE(gets(*here));
    await(here->release("retention"));
    EXPECT_FALSE(gets(*here)) << "what another node holds is not released";
    await(there->release("retention"));
    EXPECT_TRUE(gets(*here));
}

TEST_F(WorkLeasesTest, ALeaseFromTheFutureIsNone) {
    open_both();
    EXPECT_TRUE(gets(*here));
    cluster.run_sql("UPDATE " + schema +
                    ".work_leases SET until = clock_timestamp() + interval '25 days'");
    EXPECT_TRUE(gets(*there));
    EXPECT_FALSE(gets(*here));
}

// Of the two nodes one does all rounds; once it is gone without a word, the other one does.
TEST_F(WorkLeasesTest, OneNodeForgetsWhatHasExpired) {
    open_both();
    await(here->create_account(account));
    ca::ClockWatch clock({}, [] { return base::ClockReading{now + 2000h, 1h}; });
    clock.begin(std::nullopt);
    std::atomic<int> steps_here = 0, steps_there = 0;
    const auto counted = [](ca::SharedRepository& node, std::atomic<int>& steps) {
        return [&](ca::RetentionCutoffs cutoffs, std::size_t at_most) {
            ++steps;
            return node.remove_expired(cutoffs, at_most);
        };
    };
    const ca::RetentionRounds::Pace pace{.at_most = 100,
                                         .between_steps = 1ms,
                                         .share_of_rest = 0,
                                         .between_rounds = 10ms,
                                         .lease = 2s};
    ca::RetentionRounds rounds_here(counted(*here, steps_here), {.orders = 1h}, clock, *here, *log,
                                    pace);
    ca::RetentionRounds rounds_there(counted(*there, steps_there), {.orders = 1h}, clock, *there,
                                     *log, pace);
    const auto place = [&] {
        auto order = make.order(account.id, {});
        await(here->create_order(order, {}, std::nullopt));
        return order.id;
    };
    const auto is_gone = [&](const ca::OrderId& id) { return !await(here->find_order(id)); };

    const auto first = place();
    rounds_here.start(loops.executors().at(0));
    EXPECT_TRUE(eventually([&] { return is_gone(first); }));
    rounds_there.start(loops.executors().at(1));
    // For longer than the lease.
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_TRUE(eventually([&] { return std::chrono::steady_clock::now() - begun > 3500ms; }));
    EXPECT_GT(steps_here, 30);
    EXPECT_EQ(steps_there, 0);

    rounds_here.stop();
    const auto second = place();
    EXPECT_TRUE(eventually([&] { return is_gone(second); }));
    EXPECT_GT(steps_there, 0);
    rounds_there.stop();
}

}  // namespace
}  // namespace cairn::store::testing::work_leases_test
