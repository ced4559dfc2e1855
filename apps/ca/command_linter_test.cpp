#include "apps/ca/command_linter.h"

#include <gtest/gtest.h>

#include "ca/testing/event_loop.h"

namespace cairn::apps::command_linter_test {
namespace {

using std::chrono::milliseconds;

std::optional<std::string> finding(std::vector<std::string> words,
                                   milliseconds timeout = milliseconds(20'000)) {
    ca::testing::EventLoop loop;
    CommandLinter linter(std::move(words), timeout);
    return loop.start(linter.finding({0x30, 0x00})).get();
}

TEST(CommandLinterTest, AcceptsByExitStatusZero) {
    // The certificate is the last argument's file: grep finds its first line.
    EXPECT_EQ(finding({"grep", "-q", "^-----BEGIN CERTIFICATE-----$"}), std::nullopt);
}

TEST(CommandLinterTest, TellsWhatItPrinted) {
    EXPECT_EQ(finding({"sh", "-c", "echo \"no good\" >&2; exit 3", "lint"}),
              "the linter ended with status 3: no good");
    EXPECT_EQ(finding({"false"}), "the linter ended with status 1, without a word");
    const auto much = finding({"sh", "-c", "yes | head -c 100000; exit 1", "lint"});
    ASSERT_TRUE(much);
    EXPECT_LT(much->size(), 2100U);
}

TEST(CommandLinterTest, RefusesIfItCannotBeAsked) {
    EXPECT_TRUE(finding({"/nowhere/lint"}).value().contains("could not be started"));
    EXPECT_TRUE(finding({"sh", "-c", "sleep 1000", "lint"}, milliseconds(50))
                    .value()
                    .contains("did not end"));
}

}  // namespace
}  // namespace cairn::apps::command_linter_test
