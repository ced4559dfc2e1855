#include "apps/cairn/outcome.h"

#include <boost/json/serialize.hpp>

#include <gtest/gtest.h>

namespace cairn::outcome_test {
namespace {

TEST(Outcome, HasTheSameMembersWhateverHasComeOfIt) {
    EXPECT_EQ(boost::json::serialize(
                  to_json("status", {.data = {{"certificates", boost::json::array()}}})),
              R"({"version":1,"ok":true,"command":"status","result":"done","certificates":[]})");
    EXPECT_EQ(boost::json::serialize(to_json("renew", {.result = Result::nothing_to_do})),
              R"({"version":1,"ok":true,"command":"renew","result":"nothing-to-do"})");
    const auto failed = to_json(
        "issue", {.result = Result::failed, .failure = client::Failure("boil water", "no fire")});
    EXPECT_FALSE(failed.at("ok").as_bool());
    EXPECT_EQ(failed.at("error").at("came_back").as_string(), "no fire");
    EXPECT_EQ(failed.at("error").at("next").as_string(), "");
    const auto misused = to_json("", {.result = Result::usage_error,
                                      .failure = client::Failure("read", "no flag --x", "look.")});
    EXPECT_EQ(misused.at("result").as_string(), "usage-error");
    EXPECT_EQ(misused.at("error").at("next").as_string(), "look.");
}

TEST(Outcome, DataDoNotStandInForWhatAllCommandsTell) {
    const auto answer = to_json("x", {.data = {{"result", "mine"}, {"version", 7}}});
    EXPECT_EQ(answer.at("result").as_string(), "done");
    EXPECT_EQ(answer.at("version").as_int64(), 1);
}

TEST(Outcome, NothingToDoIsDoneUnlessItIsAskedFor) {
    EXPECT_EQ(exit_code(Result::done, NothingToDo::is_told), 0);
    EXPECT_EQ(exit_code(Result::nothing_to_do, NothingToDo::counts_as_done), 0);
    EXPECT_EQ(exit_code(Result::nothing_to_do, NothingToDo::is_told), 1);
    EXPECT_EQ(exit_code(Result::failed, NothingToDo::counts_as_done), 2);
    EXPECT_EQ(exit_code(Result::usage_error, NothingToDo::counts_as_done), 2);
}

}  // namespace
}  // namespace cairn::outcome_test
