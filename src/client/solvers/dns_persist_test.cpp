#include "client/solvers/dns_persist.h"

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/durable_file.h"
#include "client/testing/challenge.h"
#include "client/testing/heard.h"

namespace cairn::client {
namespace {

using protocol::ChallengeType;

// Without a terminal: standard input of the tests' own is a pipe.
TEST(DnsPersist, TellsTheRecordAndLeavesTheRestToTheCa) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const FileDescriptor input(ends[0]);
    const FileDescriptor output(ends[1]);
    base::SystemClock clock;
    SystemTimer timer;
    testing::Heard heard;
    const auto solver = make_dns_persist_solver("", {clock, timer, heard, input.number()}).value();
    EXPECT_EQ(solver->specification(), "dns-persist");
    EXPECT_EQ(solver->attendance(), Attendance::none);
    EXPECT_EQ(solver->residue(), Residue::none);

    auto challenge = testing::challenge(ChallengeType::dns_persist_01, "a.example");
    challenge.key_authorization = "ca.example; accounturi=https://ca.example/1";
    solver->present(challenge);
    const auto told = heard.events(ProgressKind::put_up_record).front();
    EXPECT_EQ(told.place, "_validation-persist.a.example.");
    EXPECT_EQ(told.text, challenge.key_authorization);
    solver->wait(challenge);  // for nobody
    solver->clean_up(challenge);
    EXPECT_FALSE(heard.has(ProgressKind::confirm_answer));
    EXPECT_FALSE(heard.has(ProgressKind::answer_may_go)) << "it stays";
}

TEST(DnsPersist, TakesNoArgument) {
    base::SystemClock clock;
    SystemTimer timer;
    testing::Heard heard;
    EXPECT_FALSE(make_dns_persist_solver("x", {clock, timer, heard}));
}

}  // namespace
}  // namespace cairn::client
