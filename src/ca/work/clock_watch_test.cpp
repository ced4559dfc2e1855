#include "ca/work/clock_watch.h"

#include <gtest/gtest.h>

namespace cairn::ca::clock_watch_test {
namespace {

using namespace std::chrono_literals;
using From = ClockWatch::Deviation::From;
using std::chrono::days;

constexpr base::Time now{base::Seconds{1'800'000'000}};

/// A machine that was started an hour ago, and its clock.
class ClockWatchTest : public ::testing::Test {
  protected:
    void pass(ClockWatch::Duration time) {
        since_boot += time;
        wall += time;
    }
    /// The time passes as it does for a process that looks at the clock.
    void pass_looking(ClockWatch::Duration time) {
        for (ClockWatch::Duration passed{0}; passed < time; passed += 2s) {
            pass(2s);
            (void)watch.look();
        }
    }
    [[nodiscard]] ClockWatch::Duration ahead(From from = From::course) const {
        for (const auto& deviation : watch.deviations())
            if (deviation.from == from) return deviation.ahead;
        return ClockWatch::Duration::max();
    }

    ClockWatch::Point wall = now;
    ClockWatch::Duration since_boot = 1h;
    std::optional<ClockWatch::Point> database;
    ClockWatch watch{[this] { return database; },
                     [this] { return base::ClockReading{wall, since_boot}; }};
};

TEST_F(ClockWatchTest, BelievesTheClockOfANewStore) {
    watch.begin(std::nullopt);
    pass(1h);
    EXPECT_TRUE(watch.is_believed());
    EXPECT_EQ(watch.removal_time(), now + 1h);
    EXPECT_EQ(watch.believed_time(), now + 1h);
    EXPECT_EQ(ahead(), 0s);
}

TEST_F(ClockWatchTest, DoesNotBelieveALeapInEitherDirection) {
    watch.begin(now);
    for (const ClockWatch::Duration leap :
         {ClockWatch::Duration(days(130)), ClockWatch::Duration(31s), -ClockWatch::Duration(31s),
          -ClockWatch::Duration(days(60))}) {
        wall += leap;
        EXPECT_TRUE(watch.look());
        EXPECT_FALSE(watch.look()) << "told once";
        EXPECT_EQ(ahead(), leap);
        EXPECT_FALSE(watch.is_believed());
        EXPECT_FALSE(watch.removal_time());
        EXPECT_FALSE(watch.believed_time());
        wall -= leap;
        EXPECT_TRUE(watch.look());
        EXPECT_EQ(watch.removal_time(), now) << "as if nothing had been";
    }
}

// A leap that comes right behind the question cannot matter: the answer does not go by the clock.
TEST_F(ClockWatchTest, NeverAnswersWithWhatTheClockSaysAtThatMoment) {
    watch.begin(now);
    wall += 20s;
    EXPECT_TRUE(watch.is_believed());
    EXPECT_EQ(watch.removal_time(), now);
    EXPECT_EQ(watch.believed_time(), now);
    wall -= 40s;
    EXPECT_EQ(watch.removal_time(), now - 20s);
}

TEST_F(ClockWatchTest, BelievesACorrectionOfHoursOnceItHasLasted) {
    watch.begin(now);
    pass(days(7));
    wall += 20h;
    pass_looking(9min);
    EXPECT_FALSE(watch.is_believed());
    pass_looking(2min);
    EXPECT_TRUE(watch.is_believed());
    EXPECT_EQ(watch.believed_time(), std::chrono::floor<base::Seconds>(wall));
    const auto first = watch.removal_time();
    EXPECT_LE(*first, wall - 20h + 2min) << "it catches up";
    pass_looking(10h);
    EXPECT_LE(*watch.removal_time(), *first + 21h);
    pass_looking(11h);
    EXPECT_EQ(watch.removal_time(), std::chrono::floor<base::Seconds>(wall));
}

TEST_F(ClockWatchTest, BelievesALongLeapOnTheOperatorsWordAlone) {
    watch.begin(now);
    wall += days(30);
    pass_looking(3h);
    EXPECT_FALSE(watch.is_believed());
    watch.confirm(now);
    EXPECT_FALSE(watch.is_believed()) << "that was said of another day";
    watch.confirm(now + days(30));
    EXPECT_TRUE(watch.is_believed());
    EXPECT_EQ(watch.removal_time(), now + days(30) + 3h);
}

TEST_F(ClockWatchTest, TakesNoWordWhereThereIsNoDoubt) {
    watch.begin(now);
    wall += 20s;
    watch.confirm(now);
    EXPECT_EQ(watch.removal_time(), now);
}

TEST_F(ClockWatchTest, DoesNotBelieveAClockFarAheadOfWhatTheStoreKnows) {
    watch.begin(now - days(60));
    EXPECT_EQ(ahead(), days(60));
    EXPECT_FALSE(watch.is_believed());
    EXPECT_FALSE(watch.removal_time());
    pass_looking(1h);
    EXPECT_FALSE(watch.is_believed());
    wall -= days(60);
    EXPECT_TRUE(watch.is_believed()) << "it was set right";
    EXPECT_EQ(watch.removal_time(), now - days(60) + 1h);
}

TEST_F(ClockWatchTest, CatchesUpAfterAPause) {
    watch.begin(now - 10h);
    EXPECT_TRUE(watch.is_believed());
    EXPECT_EQ(watch.removal_time(), now - 10h);
    EXPECT_EQ(watch.believed_time(), now);
    pass_looking(4h);
    EXPECT_EQ(watch.removal_time(), now - 2h);
    pass_looking(6h);
    EXPECT_EQ(watch.removal_time(), now + 10h);
}

TEST_F(ClockWatchTest, BelievesAClockThatBeginsBehindAndKeepsItsTimeOnceItHasLasted) {
    watch.begin(now + days(25));
    EXPECT_TRUE(watch.is_believed());
    EXPECT_EQ(watch.removal_time(), now);
    EXPECT_FALSE(watch.believed_time());
    pass_looking(11min);
    EXPECT_EQ(watch.believed_time(), now + 11min);
}

TEST_F(ClockWatchTest, FollowsAClockThatBeginsBehindAndIsSetToWhatTheStoreKnows) {
    watch.begin(now + days(9000));
    pass_looking(1min);
    wall += days(9000);
    pass_looking(4s);
    EXPECT_TRUE(watch.is_believed());
    EXPECT_EQ(watch.believed_time(), std::chrono::floor<base::Seconds>(wall));
}

TEST_F(ClockWatchTest, AgreesWithTheDatabase) {
    database = now - since_boot;
    watch.begin(now);
    pass(1h);
    EXPECT_EQ(ahead(From::database), 0s);
    *database += 5s;
    EXPECT_TRUE(watch.is_believed());
    *database += 1s;
    EXPECT_EQ(ahead(From::database), -6s);
    EXPECT_FALSE(watch.is_believed());
    *database -= 12s;
    EXPECT_EQ(ahead(From::database), 6s);
    EXPECT_FALSE(watch.removal_time());
}

TEST_F(ClockWatchTest, BeginsWithTheDatabasesTimeWhereTheStoreIsNew) {
    database = now - since_boot;
    wall += days(60);
    watch.begin(std::nullopt);
    EXPECT_EQ(ahead(), days(60));
    wall -= days(60);
    EXPECT_TRUE(watch.is_believed());
}

}  // namespace
}  // namespace cairn::ca::clock_watch_test
