#include "apps/va/open_mpic_quorum.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::apps::open_mpic_quorum_test {
namespace {

using protocol::InternetRegistry;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::vector<OpenMpicSeat> seats{{"own", InternetRegistry::ripe},
                                      {"b", InternetRegistry::ripe},
                                      {"c", InternetRegistry::ripe},
                                      {"d", InternetRegistry::arin}};
const base::Bytes key(32, 7);

TEST(OpenMpicQuorumTest, APlanHasWhatIsThere) {
    const auto usual = plan_for({}, 4);
    ASSERT_TRUE(usual);
    EXPECT_EQ(usual->perspectives, 4U);
    EXPECT_EQ(usual->quorum, 3U);
    EXPECT_EQ(usual->attempts, 1U);
    EXPECT_EQ(plan_for({}, 1)->quorum, 1U);
    EXPECT_EQ(plan_for({}, 6)->quorum, 4U);
    const auto wanted =
        plan_for(va::OpenMpicCounts{.perspectives = 2, .quorum = 0, .attempts = 50}, 4);
    ASSERT_TRUE(wanted);
    EXPECT_EQ(wanted->perspectives, 2U);
    EXPECT_EQ(wanted->quorum, 0U);
    EXPECT_EQ(wanted->attempts, 3U);
    EXPECT_THAT(plan_for(va::OpenMpicCounts{.perspectives = 5}, 4).error().message,
                HasSubstr("there are 4"));
    EXPECT_THAT(plan_for(va::OpenMpicCounts{.quorum = 5}, 4).error().message,
                HasSubstr("quorum_count"));
}

TEST(OpenMpicQuorumTest, ATargetHasItsPerspectivesAlways) {
    std::set<std::vector<std::size_t>> ways;
    for (int i = 0; i < 40; ++i) {
        const auto target = "host" + std::to_string(i) + ".example";
        const auto some = chosen(seats, 3, key, target);
        ASSERT_THAT(some, SizeIs(3));
        EXPECT_EQ(some, chosen(seats, 3, key, target));
        EXPECT_EQ(some[0], 0U);
        EXPECT_EQ(some[1], 3U) << "of two regions, both";
        ways.insert(some);
    }
    EXPECT_THAT(ways, SizeIs(2));
    EXPECT_THAT(chosen(seats, 1, key, "a.example"), ::testing::ElementsAre(0));
    EXPECT_THAT(chosen(seats, 4, key, "a.example"), SizeIs(4));
}

TEST(OpenMpicQuorumTest, SoManyPassInSoManyRegions) {
    const OpenMpicPlan two{.perspectives = 4, .quorum = 2};
    const OpenMpicPlan three{.perspectives = 4, .quorum = 3};
    EXPECT_TRUE(is_reached(two, seats, {true, true, false, false}));
    EXPECT_FALSE(is_reached(two, seats, {true, false, false, false}));
    EXPECT_FALSE(is_reached(three, seats, {true, true, true, false})) << "one region";
    EXPECT_TRUE(is_reached(three, seats, {true, true, false, true}));
    // Where there is one region, one is enough.
    const std::span<const OpenMpicSeat> near(seats.data(), 3);
    EXPECT_TRUE(is_reached(three, near, {true, true, true}));
    EXPECT_TRUE(is_reached({.perspectives = 4, .quorum = 0}, seats, {false, false, false, false}));
}

}  // namespace
}  // namespace cairn::apps::open_mpic_quorum_test
