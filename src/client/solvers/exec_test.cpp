#include "client/solvers/exec.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/durable_file.h"
#include "client/failure.h"
#include "client/testing/challenge.h"
#include "client/testing/heard.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::exec_test {
namespace {

using protocol::ChallengeType;

class Exec : public ::testing::Test {
  protected:
    std::unique_ptr<Solver> solver(const std::string& script, Timer& timer) {
        const auto path = folder_ / "hook";
        std::ofstream(path) << "#!/bin/sh\ncd " << folder_.path().string() << "\n" << script;
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        return make_exec_solver(path.string(), {clock_, timer, heard_}).value();
    }
    testing::TemporaryFolder folder_;
    base::SystemClock clock_;
    SystemTimer timer_;
    testing::Heard heard_;
    Challenge challenge_ = testing::challenge(ChallengeType::dns_01, "a.example");
};

TEST_F(Exec, TellsTheProgramEverythingInItsEnvironment) {
    const auto hook = solver(
        "echo \"argument $@\" > log; env | grep -E '^CAIRN_(A|C|D|I|K|TO)' | sort >> log", timer_);
    hook->present(challenge_);
    EXPECT_EQ(read_file(folder_ / "log", 10000),
              "argument present\n"
              "CAIRN_ACTION=present\n"
              "CAIRN_CHALLENGE_TYPE=dns-01\n"
              "CAIRN_DNS_NAME=_acme-challenge.a.example\n"
              "CAIRN_DNS_VALUE=" +
                  protocol::dns_record_value(challenge_.key_authorization) +
                  "\n"
                  "CAIRN_IDENTIFIER=a.example\n"
                  "CAIRN_KEY_AUTHORIZATION=" +
                  challenge_.key_authorization + "\nCAIRN_TOKEN=" + challenge_.token.text() + "\n");
    hook->clean_up(challenge_);
    EXPECT_THAT(read_file(folder_ / "log", 10000).value(),
                ::testing::StartsWith("argument cleanup\nCAIRN_ACTION=cleanup\n"));
}

TEST_F(Exec, GivesTheProgramItsOwnArgumentsFirst) {
    static_cast<void>(solver("printf '<%s>' \"$@\" > log", timer_));
    const auto hook =
        make_exec_solver((folder_ / "hook").string() + " --zone 'a b'", {clock_, timer_, heard_})
            .value();
    hook->present(challenge_);
    EXPECT_EQ(read_file(folder_ / "log", 1000), "<--zone><a b><present>");
    EXPECT_EQ(hook->specification(), "exec:" + (folder_ / "hook").string() + " --zone 'a b'");
}

TEST_F(Exec, ReportsWhatTheProgramSaid) {
    const auto hook = solver("echo 'no such zone'; exit 4", timer_);
    try {
        hook->present(challenge_);
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_THAT(failure.came_back(), ::testing::HasSubstr("status 4: \"no such zone?\""));
    }
    const auto ended = heard_.events(ProgressKind::program_ended);
    ASSERT_EQ(ended.size(), 1);
    EXPECT_EQ(ended.front().number, 4);
    EXPECT_EQ(ended.front().text, "no such zone?");
    EXPECT_EQ(ended.front().place.string(), (folder_ / "hook").string() + " present");
}

TEST_F(Exec, CleansUpEvenWhenTheRunIsStopping) {
    std::stop_source stop;
    SystemTimer stopped(stop.get_token());
    const auto hook = solver("[ $1 = cleanup ] || sleep 1000; echo $1 >> log", stopped);
    stop.request_stop();
    EXPECT_THROW(hook->present(challenge_), Failure);
    hook->clean_up(challenge_);
    EXPECT_EQ(read_file(folder_ / "log", 1000), "cleanup\n");
}

}  // namespace
}  // namespace cairn::client::exec_test
