#include "client/solvers/standalone.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/failure.h"
#include "client/testing/challenge.h"
#include "client/testing/free_port.h"
#include "client/testing/heard.h"
#include "client/testing/temporary_folder.h"
#include "http/client.h"

namespace cairn::client::standalone_test {
namespace {

using protocol::ChallengeType;

class Standalone : public ::testing::Test {
  protected:
    base::Result<http::Reply> get(const std::string& path) {
        http::ClientOptions options;
        options.allow_plain_http = true;
        return http::Client(options).get("http://" + address_ + path);
    }
    std::unique_ptr<Solver> solver() {
        return make_standalone_solver(address_, {clock_, timer_, heard_}).value();
    }
    std::string address_ = "127.0.0.1:" + std::to_string(testing::free_port());
    base::SystemClock clock_;
    InstantTimer timer_;
    testing::Heard heard_;
    const std::string prefix_ = "/.well-known/acme-challenge/";
};

// Check 205.
TEST_F(Standalone, AnswersKnownTokensAlone) {
    const auto standalone = solver();
    const auto first = testing::challenge(ChallengeType::http_01, "a.example", 'a');
    const auto second = testing::challenge(ChallengeType::http_01, "b.example", 'b');
    standalone->present(first);
    standalone->present(second);
    for (const auto& challenge : {first, second}) {
        const auto reply = get(prefix_ + challenge.token.text());
        ASSERT_TRUE(reply) << reply.error().message;
        EXPECT_EQ(reply->status, 200);
        EXPECT_EQ(reply->body, challenge.key_authorization);
        EXPECT_EQ(reply->field("content-type"), "application/octet-stream");
    }
    for (const auto& path :
         {std::string("/"), prefix_, prefix_ + "unknown", prefix_ + first.token.text() + "x",
          "/x" + prefix_ + first.token.text(), prefix_ + "../" + first.token.text()})
        EXPECT_EQ(get(path)->status, 404) << path;
    standalone->clean_up(first);
    EXPECT_EQ(get(prefix_ + first.token.text())->status, 404);
    EXPECT_EQ(get(prefix_ + second.token.text())->status, 200);
}

// Check 204.
TEST_F(Standalone, ListensOnlyWhileThereIsSomethingToAnswer) {
    const auto standalone = solver();
    EXPECT_FALSE(get("/"));
    const auto challenge = testing::challenge(ChallengeType::http_01, "a.example");
    standalone->clean_up(challenge);
    for (int i = 0; i < 3; ++i) {
        standalone->present(challenge);
        EXPECT_TRUE(get("/"));
        standalone->clean_up(challenge);
        EXPECT_FALSE(get("/"));
    }
}

TEST_F(Standalone, ReportsAPortThatIsTaken) {
    const auto challenge = testing::challenge(ChallengeType::http_01, "a.example");
    const auto first = solver();
    first->present(challenge);
    try {
        solver()->present(challenge);
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_THAT(failure.what(), ::testing::HasSubstr(address_));
        EXPECT_THAT(failure.next(), ::testing::HasSubstr("webroot"));
    }
}

TEST_F(Standalone, WaitsForItsTurnWhereAnotherRunListens) {
    const testing::TemporaryFolder state;
    SystemTimer timer;
    const SolverContext context{
        .clock = clock_, .timer = timer, .progress = heard_, .state_folder = state.path()};
    const auto first = make_standalone_solver(address_, context).value();
    const auto second = make_standalone_solver(address_, context).value();
    const auto early = testing::challenge(ChallengeType::http_01, "a.example", 'a');
    const auto late = testing::challenge(ChallengeType::http_01, "b.example", 'b');
    first->present(early);
    EXPECT_FALSE(second->obstacle());
    std::jthread other([&] { second->present(late); });
    EXPECT_EQ(get(prefix_ + early.token.text())->status, 200);
    EXPECT_EQ(get(prefix_ + late.token.text())->status, 404);
    first->clean_up(early);
    other.join();
    EXPECT_EQ(get(prefix_ + late.token.text())->status, 200);
    second->clean_up(late);
}

}  // namespace
}  // namespace cairn::client::standalone_test
