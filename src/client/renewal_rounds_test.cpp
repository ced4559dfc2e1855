#include "client/renewal_rounds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/temporary_folder.h"

namespace cairn::client::renewal_rounds_test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = RenewalOutcome::Kind;

class Rounds : public ::testing::Test {
  protected:
    [[nodiscard]] static LineageName lineage(const char* text) {
        return LineageName::from_text(text).value();
    }
    void note(Kind kind, std::optional<base::Time> retry_at = std::nullopt) {
        RenewalOutcome outcome{.lineage = a_, .key_type = {}, .kind = kind};
        if (kind == Kind::failed) outcome.failure = Failure("renew", "no").retrying_at(retry_at);
        rounds_.note({outcome}, now_);
    }
    /// How long the lineage is left alone from now on.
    [[nodiscard]] base::Seconds pause() {
        base::Seconds pause{};
        while (pause < 48h && rounds_.to_look_at({a_}, now_ + pause).empty()) pause += 1min;
        return pause;
    }

    crypto::SystemRandom random_;
    RenewalRounds rounds_{random_};
    LineageName a_ = lineage("a.example"), b_ = lineage("b.example");
    base::Time now_{1800000000s};
    testing::TemporaryFolder folder_;
    StateDirectory state_{folder_ / "state"};
};

TEST_F(Rounds, LookAtWhatWaitsForNothing) {
    EXPECT_THAT(rounds_.to_look_at({a_, b_}, now_), ElementsAre(a_, b_));
    note(Kind::failed);
    EXPECT_THAT(rounds_.to_look_at({a_, b_}, now_), ElementsAre(b_));
    EXPECT_EQ(rounds_.failures(), 1U);
    rounds_.forget_failures(b_);
    EXPECT_EQ(rounds_.failures(), 1U);
    rounds_.forget_failures(a_);
    EXPECT_THAT(rounds_.to_look_at({a_, b_}, now_), ElementsAre(a_, b_));
    note(Kind::failed);
    rounds_.forget_failures();
    EXPECT_EQ(rounds_.failures(), 0U);
}

TEST_F(Rounds, WhatFailsWaitsLongerEachTime) {
    base::Seconds least = 5min;
    for (int i = 0; i < 10; ++i) {
        note(Kind::failed);
        EXPECT_GE(pause(), least);
        EXPECT_LE(pause(), least + least / 4 + 1min);
        least = std::min<base::Seconds>(least * 2, 6h);
    }
    note(Kind::not_due);
    EXPECT_EQ(pause(), 0s);
    note(Kind::failed);
    EXPECT_LE(pause(), 8min);
}

TEST_F(Rounds, WhatFailsWaitsAsLongAsItsCaAsks) {
    note(Kind::failed, now_ + 3h);
    EXPECT_EQ(pause(), 3h);
    note(Kind::failed, now_ + 24h * 365);
    EXPECT_EQ(pause(), 24h);
}

TEST_F(Rounds, WhatWasRenewedIsNotRenewedAtOnceAgain) {
    note(Kind::renewed);
    EXPECT_EQ(pause(), 10min);
    rounds_.forget_failures(a_);
    EXPECT_EQ(pause(), 10min) << "that was none";
    now_ -= 24h * 30;
    EXPECT_EQ(pause(), 0s) << "the clock has gone back";
}

TEST_F(Rounds, OfALineageThatIsGoneNothingIsKept) {
    note(Kind::failed);
    EXPECT_THAT(rounds_.to_look_at({b_}, now_), ElementsAre(b_));
    EXPECT_THAT(rounds_.to_look_at({a_, b_}, now_), ElementsAre(a_, b_));
}

TEST_F(Rounds, AreWhenSomethingIsToBeDone) {
    RenewalCalendar calendar(state_);
    EXPECT_EQ(rounds_.next_round({}, calendar, now_), now_ + 1h);
    EXPECT_EQ(rounds_.next_round({a_}, calendar, now_), now_ + 1min) << "nothing is known of it";
    const auto enter = [&](base::Time next_action) {
        calendar.enter(a_,
                       {.due = {{crypto::KeyType::ec_p256, next_action}},
                        .next_action = next_action,
                        .sight = {}},
                       {"seen", 0}, now_);
    };
    enter(now_ + 20min);
    EXPECT_EQ(rounds_.next_round({a_}, calendar, now_), now_ + 20min);
    enter(now_ + 20h);
    EXPECT_EQ(rounds_.next_round({a_}, calendar, now_), now_ + 1h);
    enter(now_);
    EXPECT_EQ(rounds_.next_round({a_}, calendar, now_), now_ + 1s);
    // What waits is not looked at before, whatever is to be done.
    note(Kind::failed, now_ + 30min);
    EXPECT_EQ(rounds_.next_round({a_}, calendar, now_), now_ + 30min);
}

}  // namespace
}  // namespace cairn::client::renewal_rounds_test
