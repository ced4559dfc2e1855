// Spending within the transactions of several nodes: exact, whatever happens to them.
#include <algorithm>
#include <atomic>
#include <vector>

#include "store/postgres/testing/nodes_fixture.h"

namespace cairn::store::testing::charges_test {
namespace {

using protocol::ChallengeType;

constexpr int at_once = 200;
constexpr std::int64_t capacity = 70;

class ChargesTest : public PostgresNodes {
  protected:
    ChargesTest() {
        for (int i = 0; i < 3; ++i) nodes.push_back(open("node " + std::to_string(i)));
    }
    ~ChargesTest() override { nodes.clear(); }

    ca::SharedRepository& node(int i) { return *nodes.at(static_cast<std::size_t>(i % 3)); }
    /// Of a bucket that all have in common, and of one of their own.
    static ca::Charges charges(int i) {
        ca::Charges both{{"common", capacity, 1h, 1}, {"own " + std::to_string(i), 1, 1h, 1}};
        if (i % 2 == 0) std::ranges::reverse(both);
        return both;
    }
    std::int64_t count(const std::string& table) {
        return std::stoll(cluster.run_sql("SELECT count(*) FROM " + schema + "." + table));
    }
    /// How much of the common bucket was taken; and only those took from their own that took from
    /// it.
    std::int64_t taken(const std::vector<bool>& accepted) {
        for (int i = 0; i < at_once; ++i) {
            const ca::Charges own{{"own " + std::to_string(i), 1, 1h, 1}};
            EXPECT_NE(await(node(i).charge(own, now)).accepted,
                      accepted[static_cast<std::size_t>(i)]);
        }
        const auto rest = await(node(0).charge({{"common", capacity, 1h, capacity}}, now));
        return rest.accepted ? 0 : capacity - rest.remaining.at(0);
    }

    std::vector<std::unique_ptr<ca::SharedRepository>> nodes;
};

// Check 169.
TEST_F(ChargesTest, AsManyOrdersArePlacedByThreeNodesAsTheBucketHolds) {
    await(node(0).create_account(account));
    std::vector<base::Task<ca::OrderStore::Placement>> placements;
    for (int i = 0; i < at_once; ++i) {
        const std::vector fresh{make.authorization(account.id, "example.org")};
        const auto order = make.order(account.id, fresh);
        placements.push_back(node(i).create_order(order, fresh, std::nullopt, charges(i)));
    }
    std::vector<bool> accepted;
    for (const auto& placement : await_all(std::move(placements)))
        accepted.push_back(placement.decision.accepted);
    EXPECT_EQ(std::ranges::count(accepted, true), capacity);
    EXPECT_EQ(count("orders"), capacity);
    EXPECT_EQ(count("authorizations"), capacity);
    EXPECT_EQ(taken(accepted), capacity);
}

TEST_F(ChargesTest, AsManyAccountsAreCreatedByThreeNodesAsTheBucketHolds) {
    std::vector<base::Task<ca::AccountStore::Creation>> creations;
    for (int i = 0; i < at_once; ++i)
        creations.push_back(node(i).create_account(make.account(), charges(i)));
    std::vector<bool> accepted;
    for (const auto& creation : await_all(std::move(creations))) {
        EXPECT_EQ(creation.created, creation.decision.accepted);
        accepted.push_back(creation.created);
    }
    EXPECT_EQ(std::ranges::count(accepted, true), capacity);
    EXPECT_EQ(count("accounts"), capacity);
    EXPECT_EQ(taken(accepted), capacity);
}

TEST_F(ChargesTest, AsManyFailuresAreRecordedByThreeNodesAsTheBucketHolds) {
    await(node(0).create_account(account));
    std::vector<ca::Authorization> proofs;
    for (int i = 0; i < at_once; ++i)
        proofs.push_back(make.authorization(account.id, "example.org"));
    await(node(0).create_order(make.order(account.id, proofs), proofs, std::nullopt));
    std::vector<base::Task<ca::OrderStore::ValidationEnd>> ends;
    for (int i = 0; i < at_once; ++i) {
        const protocol::Problem problem(protocol::ProblemType::connection, "no route");
        ends.push_back(node(i).finish_validation(proofs[static_cast<std::size_t>(i)].id,
                                                 {ChallengeType::http_01, now, now, problem}, now,
                                                 charges(i)));
    }
    std::vector<bool> accepted;
    for (const auto& end : await_all(std::move(ends))) {
        EXPECT_EQ(end.is_recorded, end.decision.accepted);
        accepted.push_back(end.is_recorded);
    }
    EXPECT_EQ(std::ranges::count(accepted, true), capacity);
    EXPECT_EQ(count("authorizations WHERE finished IS NOT NULL"), capacity);
    EXPECT_EQ(taken(accepted), capacity);
}

// One attempt that two nodes end at once is charged for once.
TEST_F(ChargesTest, OneFailureThatTwoNodesRecordIsChargedForOnce) {
    await(node(0).create_account(account));
    const protocol::Problem problem(protocol::ProblemType::connection, "no route");
    for (int round = 0; round < 20; ++round) {
        const auto proof = make.authorization(account.id, "example.org");
        await(node(0).create_order(make.order(account.id, {proof}), {proof}, std::nullopt));
        std::vector<base::Task<ca::OrderStore::ValidationEnd>> ends;
        for (int i = 0; i < 6; ++i)
            ends.push_back(node(i).finish_validation(proof.id,
                                                     {ChallengeType::http_01, now, now, problem},
                                                     now, {{"failures", capacity, 1h, 1}}));
        const auto results = await_all(std::move(ends));
        EXPECT_EQ(std::ranges::count(results, true, &ca::OrderStore::ValidationEnd::is_recorded),
                  1);
    }
    const auto rest = await(node(0).charge({{"failures", capacity, 1h, capacity}}, now));
    EXPECT_EQ(rest.remaining.at(0), capacity - 20);
}

// Connections are closed in the middle, so that statements are sent again whose answer was lost.
TEST_F(ChargesTest, NothingIsTakenTwiceOrForNothingWhenConnectionsBreak) {
    await(node(0).create_account(account));
    std::atomic<bool> is_over = false;
    std::jthread saboteur([&] {
        while (!is_over) {
            cluster.run_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'cairn-ca'");
            std::this_thread::sleep_for(40ms);
        }
    });
    std::int64_t acknowledged = 0;
    for (int i = 0; i < 100; ++i) {
        const auto proof = make.authorization(account.id, "example.org");
        const auto order = make.order(account.id, {proof});
        try {
            const auto placement = await(
                node(i).create_order(order, {proof}, std::nullopt, {{"common", capacity, 1h, 1}}));
            if (!placement.decision.accepted) continue;
            ++acknowledged;
            expect_found(await(node(i + 1).find_order(order.id)), order);
        } catch (const ca::StoreFailure&) {
            // Taken or not, together with the order.
        }
    }
    is_over = true;
    saboteur.join();
    EXPECT_GT(acknowledged, 0);
    std::int64_t rest = -1;
    EXPECT_TRUE(eventually([&] {
        try {
            // One cannot be taken from an empty bucket, two not from one with one.
            const auto all = await(node(0).charge({{"common", capacity, 1h, capacity}}, now));
            rest = all.accepted ? capacity : all.remaining.at(0);
            return true;
        } catch (const ca::StoreFailure&) {
            return false;
        }
    }));
    EXPECT_EQ(count("orders"), capacity - rest);
    EXPECT_GE(count("orders"), acknowledged);
}

}  // namespace
}  // namespace cairn::store::testing::charges_test
