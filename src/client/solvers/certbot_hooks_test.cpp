#include "client/solvers/certbot_hooks.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/command_words.h"
#include "client/durable_file.h"
#include "client/failure.h"
#include "client/testing/challenge.h"
#include "client/testing/heard.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::certbot_hooks_test {
namespace {

using protocol::ChallengeType;

class CertbotHooks : public ::testing::Test {
  protected:
    std::string program(const std::string& name, const std::string& script) {
        const auto path = folder_ / name;
        std::ofstream(path) << "#!/bin/sh\ncd " << folder_.path().string() << "\n" << script;
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        return path.string();
    }
    std::unique_ptr<Solver> solver(const std::string& argument) {
        return make_certbot_hooks_solver(argument, {clock_, timer_, heard_}).value();
    }
    testing::TemporaryFolder folder_;
    base::SystemClock clock_;
    SystemTimer timer_;
    testing::Heard heard_;
};

TEST_F(CertbotHooks, GiveTheProgramsWhatCertbotGives) {
    const auto challenge = testing::challenge(ChallengeType::dns_01, "a.example");
    const auto auth =
        program("auth",
                "echo \"$1 $CERTBOT_DOMAIN $CERTBOT_VALIDATION ${CERTBOT_TOKEN-none}\" >> log; "
                "echo record 7");
    const auto cleanup = program("cleanup", "echo \"$CERTBOT_DOMAIN $CERTBOT_AUTH_OUTPUT\" >> log");
    const auto hooks = solver("dns-01 " + shell_quoted(auth + " --now") + " " + cleanup);
    EXPECT_EQ(hooks->challenge_types().front(), ChallengeType::dns_01);
    hooks->present(challenge);
    hooks->clean_up(challenge);
    EXPECT_EQ(read_file(folder_ / "log", 1000),
              "--now a.example " + dns_record_of(challenge).value + " none\na.example record 7\n");
    EXPECT_EQ(hooks->specification(), "certbot-hooks:dns-01 '" + auth + " --now' " + cleanup);
    hooks->clean_up(challenge);  // of what is gone, and without an output
}

TEST_F(CertbotHooks, GiveTheTokenForHttp) {
    const auto challenge = testing::challenge(ChallengeType::http_01, "a.example");
    const auto hooks =
        solver("http-01 " + program("auth", "echo \"$CERTBOT_TOKEN $CERTBOT_VALIDATION\" >> log"));
    hooks->present(challenge);
    hooks->clean_up(challenge);
    EXPECT_EQ(read_file(folder_ / "log", 1000),
              challenge.token.text() + " " + challenge.key_authorization + "\n");
}

TEST_F(CertbotHooks, KnowWhatComesAfterThem) {
    const auto auth =
        program("auth", "echo \"$CERTBOT_REMAINING_CHALLENGES of $CERTBOT_ALL_DOMAINS\" >> log");
    const auto hooks = solver("dns-01 " + auth + " " + auth);
    testing::Heard attempt;
    auto challenge = testing::challenge(ChallengeType::dns_01, "a.example");
    challenge.setting = {&attempt, {"a.example", "b.example", "b.example"}, 2};
    hooks->present(challenge);
    hooks->clean_up(challenge);
    EXPECT_EQ(read_file(folder_ / "log", 1000),
              "2 of a.example,b.example,b.example\n2 of a.example,b.example,b.example\n");
    EXPECT_EQ(hooks->attendance(), Attendance::in_turn);
    EXPECT_EQ(attempt.events(ProgressKind::program_ended).size(), 2);
    EXPECT_TRUE(heard_.events().empty());
}

TEST_F(CertbotHooks, ReportWhatTheProgramSaid) {
    const auto hooks = solver("dns-01 " + program("auth", "echo no zone; exit 3"));
    try {
        hooks->present(testing::challenge(ChallengeType::dns_01, "a.example"));
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_THAT(failure.came_back(), ::testing::HasSubstr("ended with status 3: \"no zone"));
    }
}

TEST_F(CertbotHooks, RefuseWhatIsNoPairOfPrograms) {
    const auto hook = program("auth", "true");
    const std::vector<std::string> wrong{"",
                                         "dns-01",
                                         "tls-alpn-01 " + hook,
                                         "dns-01 /no/such/program",
                                         "dns-01 " + hook + " " + hook + " " + hook,
                                         "dns-01 '" + hook + " | tee x'"};
    for (const auto& argument : wrong)
        EXPECT_FALSE(make_certbot_hooks_solver(argument, {clock_, timer_, heard_})) << argument;
}

}  // namespace
}  // namespace cairn::client::certbot_hooks_test
