#include "client/pace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/bench.h"

namespace cairn::client::pace_test {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

class PaceTest : public ::testing::Test {
  protected:
    testing::Bench bench_;
    Session session_ = bench_.session();
    Pace pace_{bench_.timer, session_, "have it done", 60s};
    /// What it says when it has become too late.
    std::string end() {
        return testing::failure_of([&] {
            for (;;) pace_.wait(std::nullopt);
        });
    }
};

TEST_F(PaceTest, GrowsAndEnds) {
    pace_.note("the order is processing");
    pace_.advise("wait.");
    EXPECT_EQ(
        end(),
        "Could not have it done: the CA has not finished within 60 s; the order is processing\n"
        "Next: wait.");
    EXPECT_LE(bench_.timer.waited(), 60s);
    EXPECT_GT(bench_.timer.waited(), 50s);
}

TEST_F(PaceTest, AsksNoSoonerThanTheCaWantsAndNotTooLate) {
    pace_.wait(20s);
    EXPECT_EQ(bench_.timer.waited(), 20s);
    EXPECT_THAT(testing::failure_of([&] { pace_.wait(3600s); }),
                HasSubstr("wants to be asked again in 3600 s"));
    EXPECT_EQ(bench_.timer.waited(), 20s);
}

TEST_F(PaceTest, EndsWhereWhatItWaitsForExpires) {
    pace_.end_by(session_.now() + 10s);
    EXPECT_THAT(end(), AllOf(HasSubstr("within 10 s"), HasSubstr("expires")));
    EXPECT_LE(bench_.timer.waited(), 10s);
}

TEST_F(PaceTest, DoesNotBelieveADateThatHasPassed) {
    pace_.end_by(session_.now() - 10s);
    pace_.end_by(std::nullopt);
    pace_.end_by(session_.now() + 3600s);
    EXPECT_THAT(end(), HasSubstr("within 60 s"));
}

}  // namespace
}  // namespace cairn::client::pace_test
