#include "client/renewal_calendar.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "client/durable_file.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::renewal_calendar_test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class Calendar : public ::testing::Test {
  protected:
    Calendar() {
        for (const auto& file : files()) {
            make_private_directory(file.parent_path());
            write_durably(file, "one", FileAccess::owner);
        }
    }
    [[nodiscard]] std::vector<fs::path> files() const {
        const auto live = state_.live(name_);
        return {state_.renewal(name_),     state_.facts(name_),         live / "cert.pem",
                live / "chain.pem",        live / "fullchain.pem",      live / "privkey.pem",
                live / "cert-rsa2048.pem", live / "privkey-rsa2048.pem"};
    }
    void enter(base::Time next_action) {
        RenewalCalendar calendar(state_);
        const auto rsa = crypto::KeyType::rsa2048;
        calendar.enter(name_,
                       {.due = {{crypto::KeyType::ec_p256, next_action},
                                {rsa, next_action + 1h, DueReason::put_off}},
                        .next_action = next_action,
                        .sight = {}},
                       LineageSight::of(state_, name_, std::span(&rsa, 1)), now_);
        calendar.keep(now_);
    }
    [[nodiscard]] bool is_known(base::Time now) const {
        return RenewalCalendar(state_).find(name_, now).has_value();
    }

    testing::TemporaryFolder folder_;
    StateDirectory state_{folder_ / "state"};
    LineageName name_ = LineageName::from_text("a.example").value();
    base::Time now_ = base::SystemClock().now() + 10s;
};

TEST_F(Calendar, KnowsUntilThereIsSomethingToDo) {
    EXPECT_FALSE(is_known(now_));
    enter(now_ + 5h);
    EXPECT_TRUE(is_known(now_));
    EXPECT_TRUE(is_known(now_ + 5h - 1s));
    EXPECT_FALSE(is_known(now_ + 5h));
    const auto entry = RenewalCalendar(state_).find(name_, now_);
    ASSERT_EQ(entry->due.size(), 2U);
    EXPECT_EQ(entry->due[1].key_type, crypto::KeyType::rsa2048);
    EXPECT_EQ(entry->due[1].at, now_ + 6h);
    EXPECT_EQ(entry->due[1].reason, DueReason::put_off);
    EXPECT_EQ(RenewalCalendar(state_).next_action(name_), now_ + 5h);
}

TEST_F(Calendar, TrustsNothingForLongerThanADay) {
    enter(now_ + 24h * 60);
    EXPECT_TRUE(is_known(now_ + 23h));
    EXPECT_FALSE(is_known(now_ + 24h));
    EXPECT_FALSE(is_known(now_ - 1h)) << "the clock has gone back";
}

TEST_F(Calendar, EveryChangeOfAFileShows) {
    enter(now_ + 5h);
    for (const auto& file : files()) {
        SCOPED_TRACE(file);
        const auto kept = read_file(file, 100).value();
        const auto written = fs::last_write_time(file);
        // Another file with the same octets and times, as a restored backup has it.
        write_durably(file, kept, FileAccess::owner);
        fs::last_write_time(file, written);
        EXPECT_FALSE(is_known(now_));
        enter(now_ + 5h);
        ASSERT_TRUE(is_known(now_));
        {
            std::ofstream(file) << "two";
        }
        EXPECT_FALSE(is_known(now_));
        fs::remove(file);
        EXPECT_FALSE(is_known(now_));
        write_durably(file, kept, FileAccess::owner);
        enter(now_ + 5h);
        ASSERT_TRUE(is_known(now_));
    }
}

TEST_F(Calendar, ALinkThatLeadsElsewhereShows) {
    const auto file = state_.live(name_) / "privkey.pem";
    for (const char* target : {"one", "other"})
        write_durably(folder_ / target, "key", FileAccess::owner);
    fs::remove(file);
    fs::create_symlink(folder_ / "one", file);
    enter(now_ + 5h);
    ASSERT_TRUE(is_known(now_));
    link_durably(file, folder_ / "other");
    EXPECT_FALSE(is_known(now_));
}

TEST_F(Calendar, WhatWasChangedOnlyJustNowIsNoEvidence) {
    now_ = base::SystemClock().now();
    enter(now_ + 5h);
    EXPECT_FALSE(is_known(now_));
}

TEST_F(Calendar, WhatEarlierVersionsLeftIsReadFirst) {
    enter(now_ + 5h);
    make_private_directory(state_.root() / "orders");
    EXPECT_TRUE(is_known(now_));
    write_durably(state_.order(name_), "{}", FileAccess::owner);
    EXPECT_FALSE(is_known(now_));
}

TEST_F(Calendar, ADamagedFileCountsForNothing) {
    enter(now_ + 5h);
    const auto text = read_file(state_.calendar(), 10000).value();
    ASSERT_TRUE(calendar_from(text));
    EXPECT_EQ(calendar_text(calendar_from(text).value()), text);
    for (const std::string& damaged :
         {text.substr(0, text.size() - 1), "other\n" + text, text + "../x 1 2\n",
          text + "b.example short 1 ec-p256:1:lifetime\n", text + "b.example\n",
          std::string("cairn-calendar 2\nb.example 0123456789abcdef0123456789abcdef 12\n"),
          std::string("cairn-calendar 2\nb 0123456789abcdef0123456789abcdef 1 what:1:lifetime\n"),
          std::string("cairn-calendar 2\nb 0123456789abcdef0123456789abcdef 1 ec-p256:1:why\n"),
          std::string("cairn-calendar 2\nb 0123456789abcdef0123456789abcdef 1 ec-p256:1\n"),
          std::string(
              "cairn-calendar 2\nb 0123456789abcdef0123456789abcdef 1 ec-p256:-1:lifetime\n")}) {
        EXPECT_FALSE(calendar_from(damaged)) << damaged;
        write_durably(state_.calendar(), damaged, FileAccess::owner);
        EXPECT_FALSE(is_known(now_)) << damaged;
    }
}

TEST_F(Calendar, ForgetsWhatItIsToldTo) {
    enter(now_ + 5h);
    RenewalCalendar calendar(state_);
    calendar.forget(name_);
    calendar.keep(now_);
    EXPECT_FALSE(is_known(now_));
    EXPECT_FALSE(calendar.next_action(name_));
}

}  // namespace
}  // namespace cairn::client::renewal_calendar_test
