#include "apps/command_line/unknown_word.h"

#include <gtest/gtest.h>

namespace cairn::command_line::unknown_word_test {
namespace {

class UnknownWordTest : public ::testing::Test {
  protected:
    UnknownWordTest() {
        program_.set_version_flag("--version", "1");
        auto* serve = program_.add_subcommand("serve");
        serve->add_option("DIR", folder_);
        serve->add_option("--set", overrides_);
        auto* issuer = program_.add_subcommand("issuer");
        issuer->add_subcommand("create")->add_option("NAME", folder_);
        program_.add_option("--state", folder_);
        program_.fallthrough();
        auto* renew = program_.add_subcommand("renew");  // which inherits that
        renew->add_option("lineage", overrides_);
        renew->add_option("-d", overrides_);
    }
    [[nodiscard]] std::string answer(const std::vector<std::string>& words) {
        return unknown_word(program_, words).value_or("all known");
    }

    CLI::App program_{"", "cairn-ca"};
    std::string folder_;
    std::vector<std::string> overrides_;
};

TEST_F(UnknownWordTest, NamesWhatWasProbablyMeant) {
    EXPECT_EQ(answer({"srve", "/ca"}), "cairn-ca has no command srve; did you mean serve?");
    EXPECT_EQ(answer({"serve", "/ca", "--sett", "a=1"}),
              "serve has no flag --sett; did you mean --set?");
    EXPECT_EQ(answer({"serve", "/ca", "--sett=a=1"}),
              "serve has no flag --sett; did you mean --set?");
    EXPECT_EQ(answer({"issuer", "crate", "x"}),
              "issuer has no command crate; did you mean create?");
}

TEST_F(UnknownWordTest, NamesWhatThereIsIfNothingIsNear) {
    EXPECT_EQ(answer({"frobnicate"}),
              "cairn-ca has no command frobnicate; it has serve, issuer, renew");
    EXPECT_EQ(answer({std::string("\x1b[2J") + std::string(500, 'x')}).size(),
              std::string("cairn-ca has no command ; it has serve, issuer, renew").size() + 60);
}

TEST_F(UnknownWordTest, NamesAllFlagsThatItDoesNotKnow) {
    EXPECT_EQ(answer({"serve", "/ca", "--sett", "a=1", "--sate=x"}),
              "serve has no flag --sett; did you mean --set?\n"
              "serve has no flag --sate; did you mean --set?");
    EXPECT_EQ(answer({"--statt", "x", "serve"}),
              "cairn-ca has no flag --statt; did you mean --state?");
}

TEST_F(UnknownWordTest, KnowsTheFlagsThatStandBehindAnyCommand) {
    EXPECT_EQ(answer({"renew", "--state", "/somewhere"}), "all known");
    EXPECT_EQ(answer({"renew", "--stat", "/somewhere"}),
              "renew has no flag --stat; did you mean --state?");
    EXPECT_TRUE(
        answer({"issuer", "create", "--state", "x"}).starts_with("create has no flag --state"));
}

TEST_F(UnknownWordTest, LeavesValuesAlone) {
    EXPECT_EQ(answer({"renew", "-da.example", "-d", "-x"}), "all known");
    EXPECT_TRUE(answer({"renew", "-x"}).starts_with("renew has no flag -x; "));

    EXPECT_EQ(answer({"serve", "srve", "--set", "--sett"}), "all known");
    EXPECT_EQ(answer({"serve", "--", "--sett"}), "all known");
    EXPECT_EQ(answer({}), "all known");
}

}  // namespace
}  // namespace cairn::command_line::unknown_word_test
