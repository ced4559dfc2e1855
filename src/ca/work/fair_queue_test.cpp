#include "ca/work/fair_queue.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace cairn::ca::fair_queue_test {
namespace {

using Entry = FairQueue::Entry;

class FairQueueTest : public ::testing::Test {
  protected:
    static QueuedJob job(std::string owner, std::string target = "") {
        static int number = 0;
        return {
            .id = std::to_string(++number), .owner = std::move(owner), .target = std::move(target)};
    }
    Entry enter(FairQueue& queue, const std::string& owner, const std::string& target = "") {
        auto entering = job(owner, target);
        auto copy = entering;
        const auto entry = queue.enter(entering);
        if (entry == Entry::runs) running.push_back(copy);
        return entry;
    }
    /// Ends the first that runs of `owner`; the owners of those that run instead.
    std::vector<std::string> end_one(FairQueue& queue, const std::string& owner) {
        const auto ended = std::ranges::find(running, owner, &QueuedJob::owner);
        queue.end(*ended);
        running.erase(ended);
        std::vector<std::string> owners;
        while (auto next = queue.next()) {
            owners.push_back(next->owner);
            running.push_back(*std::move(next));
        }
        return owners;
    }
    [[nodiscard]] auto running_of(const std::string& owner) const {
        return std::ranges::count(running, owner, &QueuedJob::owner);
    }

    std::vector<QueuedJob> running;
};

TEST_F(FairQueueTest, OneOwnerFillsANinthOfThePlaces) {
    FairQueue queue(900, 10000);
    for (int i = 0; i < 800; ++i) enter(queue, "greedy", "site " + std::to_string(i));
    EXPECT_EQ(running_of("greedy"), 100);
    EXPECT_EQ(queue.running(), 100U);
    EXPECT_EQ(queue.waiting(), 700U);
}

TEST_F(FairQueueTest, WhoeverHasNothingRunningFindsAPlaceBesideManyGreedy) {
    FairQueue queue(900, 100000);
    for (int owner = 0; owner < 20; ++owner)
        for (int i = 0; i < 200; ++i) enter(queue, "greedy " + std::to_string(owner));
    EXPECT_GT(queue.running(), 750U);
    for (int owner = 0; owner < 20; ++owner)
        EXPECT_EQ(enter(queue, "honest " + std::to_string(owner)), Entry::runs) << owner;
}

TEST_F(FairQueueTest, WhereAllPlacesAreTakenTheNextIsForWhoeverHasNothingRunning) {
    FairQueue queue(900, 100000);
    for (int owner = 0; owner < 300; ++owner)
        for (int i = 0; i < 200; ++i) enter(queue, "greedy " + std::to_string(owner));
    ASSERT_EQ(queue.running(), 900U);
    EXPECT_EQ(enter(queue, "honest"), Entry::waits);
    // Those before it in turn have nothing running either, and each of them has one place.
    std::vector<std::string> began;
    while (std::ranges::find(began, "honest") == began.end()) {
        ASSERT_LT(began.size(), 400U);
        for (auto& owner : end_one(queue, std::string(running.front().owner))) {
            EXPECT_EQ(running_of(owner), 1) << owner;
            began.push_back(std::move(owner));
        }
    }
}

TEST_F(FairQueueTest, OneTargetTakesHalfOfAllPlaces) {
    FairQueue queue(900, 100000);
    for (int owner = 0; owner < 2000; ++owner)
        enter(queue, "greedy " + std::to_string(owner), "victim.example");
    EXPECT_EQ(queue.running(), 450U);
    EXPECT_EQ(enter(queue, "honest", "victim.example"), Entry::waits);
    EXPECT_EQ(enter(queue, "honest too", "shop.example"), Entry::runs);
}

TEST_F(FairQueueTest, AFreePlaceGoesToTheOwnerWithTheFewestRunning) {
    FairQueue queue(10, 1000);
    for (int i = 0; i < 5; ++i) enter(queue, "a");
    ASSERT_EQ(running_of("a"), 2);
    for (int i = 0; i < 8; ++i) enter(queue, "filler " + std::to_string(i));
    ASSERT_EQ(queue.running(), 10U);
    EXPECT_EQ(enter(queue, "b"), Entry::waits);
    EXPECT_EQ(enter(queue, "c"), Entry::waits);
    EXPECT_EQ(end_one(queue, "filler 0"), std::vector<std::string>{"b"});
    EXPECT_EQ(end_one(queue, "a"), std::vector<std::string>{"c"});
    EXPECT_TRUE(end_one(queue, "filler 1").empty()) << "the last place is for newcomers";
    EXPECT_EQ(end_one(queue, "a"), std::vector<std::string>{"a"});
}

TEST_F(FairQueueTest, EqualOwnersTakeTurns) {
    FairQueue queue(1, 1000);
    enter(queue, "x");
    for (int i = 0; i < 3; ++i)
        for (const char* owner : {"a", "b", "c"}) enter(queue, owner);
    std::string order;
    for (int i = 0; i < 9; ++i) order += end_one(queue, running.front().owner).at(0);
    EXPECT_EQ(order, "abcabcabc");
}

TEST_F(FairQueueTest, ABusyTargetDoesNotHoldUpOthers) {
    FairQueue queue(4, 1000);
    for (const char* owner : {"a", "b", "c", "d"}) enter(queue, owner, "victim.example");
    ASSERT_EQ(queue.running(), 2U);
    enter(queue, "e", "shop.example");
    enter(queue, "f", "shop.example");
    enter(queue, "g", "shop.example");
    EXPECT_EQ(end_one(queue, "e"), std::vector<std::string>{"f"})
        << "c and d wait for the victim alone";
}

TEST_F(FairQueueTest, RoomToWaitIsSharedToo) {
    FairQueue queue(1, 900);
    enter(queue, "x");
    int taken = 0;
    while (enter(queue, "greedy") == Entry::waits) ++taken;
    EXPECT_EQ(taken, 100);
    EXPECT_EQ(enter(queue, "greedy"), Entry::owner_full);
    EXPECT_EQ(enter(queue, "honest"), Entry::waits);
    int others = 0;
    while (enter(queue, "other " + std::to_string(others)) == Entry::waits) ++others;
    EXPECT_EQ(queue.waiting(), 900U);
    EXPECT_EQ(enter(queue, "late"), Entry::full);
    EXPECT_EQ(queue.room(), 0U);
}

TEST_F(FairQueueTest, WhatRestsCountsAsWaitingAndComesBack) {
    FairQueue queue(9, 1000);
    enter(queue, "a");
    const auto resting = running.front();
    queue.rest(resting);
    EXPECT_EQ(queue.running(), 0U);
    EXPECT_EQ(queue.waiting(), 1U);
    EXPECT_FALSE(queue.next()) << "it rests";
    queue.resume(resting);
    const auto next = queue.next();
    ASSERT_TRUE(next);
    EXPECT_EQ(next->id, resting.id);
    EXPECT_EQ(queue.waiting(), 0U);
    queue.end(*next);
    EXPECT_EQ(queue.running(), 0U);
}

TEST_F(FairQueueTest, ForgetsWhatWaitsAndKeepsWhatRuns) {
    FairQueue queue(9, 1000);
    for (int i = 0; i < 5; ++i) enter(queue, "a");
    const auto resting = job("b");
    auto entering = resting;
    ASSERT_EQ(queue.enter(entering), Entry::runs);
    queue.rest(resting);
    queue.clear();
    EXPECT_EQ(queue.waiting(), 0U);
    EXPECT_EQ(queue.running(), 1U);
    queue.resume(resting);
    EXPECT_FALSE(queue.next());
    EXPECT_TRUE(end_one(queue, "a").empty());
}

}  // namespace
}  // namespace cairn::ca::fair_queue_test
