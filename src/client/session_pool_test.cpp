#include "client/session_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/renewal.h"
#include "client/testing/bench.h"
#include "client/testing/free_port.h"

namespace cairn::client::session_pool_test {
namespace {

using namespace std::chrono_literals;
using testing::failure_of;
using ::testing::HasSubstr;

TEST(SessionPool, HasOneSessionForEachCaAndItsRoots) {
    base::SystemClock clock;
    InstantTimer timer;
    crypto::SystemRandom random;
    SessionPool pool({.directory_url = {}, .root_file = {}, .user_agent = "Cairn/test"}, clock,
                     timer, random);
    auto& first = pool.with("https://ca.example/directory", "");
    EXPECT_EQ(first.options().directory_url, "https://ca.example/directory");
    EXPECT_EQ(first.options().user_agent, "Cairn/test");
    EXPECT_EQ(&pool.with("https://ca.example/directory", ""), &first);
    EXPECT_NE(&pool.with("https://ca.example/directory", "/etc/root.pem"), &first);
    EXPECT_NE(&pool.with("https://ca.example/other", ""), &first);
    EXPECT_THAT(failure_of([&] { static_cast<void>(pool.with("nowhere", "")); }),
                HasSubstr("is no URL"));
}

class SharedSessions : public ::testing::Test {
  protected:
    /// Lineages whose plans are kept and that have no certificate yet.
    std::vector<LineageName> make_lineages(const std::string& directory_url, std::size_t count) {
        std::vector<LineageName> lineages;
        for (std::size_t i = 0; i < count; ++i) {
            const auto name = "n" + std::to_string(i) + ".example";
            auto plan = bench_.plan({name});
            plan.authorities = {{directory_url, bench_.ca.server.root_file()}};
            lineages.push_back(LineageName::from_text(name).value());
            const auto file = bench_.state.renewal(lineages.back());
            make_private_directory(file.parent_path());
            write_durably(file, plan.to_json(), FileAccess::owner);
        }
        return lineages;
    }
    testing::Bench bench_;
};

TEST_F(SharedSessions, ADirectoryIsReadAndAnAccountMadeOnceForAllLineages) {
    // The CA of the tests minds one order at a time.
    const auto outcomes = renew(bench_.environment(), make_lineages(bench_.ca.directory_url(), 3),
                                {.force = RenewalForce::if_due, .parallel = 1}, bench_.heard);
    for (const auto& outcome : outcomes) EXPECT_EQ(outcome.kind, RenewalOutcome::Kind::renewed);
    EXPECT_EQ(bench_.ca.orders_made, 3);
    EXPECT_EQ(bench_.ca.server.count("/directory"), 1U);
    EXPECT_EQ(bench_.ca.server.count("/nonce"), 0U);
    EXPECT_EQ(bench_.ca.accounts_made, 1);
}

TEST_F(SharedSessions, ACaThatIsDownIsWaitedForOnce) {
    const auto host = "127.0.0.1:" + std::to_string(testing::free_port());
    const auto lineages = make_lineages("https://" + host + "/directory", 5);
    const auto outcomes = renew(bench_.environment(), lineages,
                                {.force = RenewalForce::if_due, .parallel = 1}, bench_.heard);
    EXPECT_GE(bench_.timer.waited(), 8s);
    EXPECT_LE(bench_.timer.waited(), 10s);
    ASSERT_EQ(outcomes.size(), 5U);
    for (const auto& outcome : outcomes) {
        EXPECT_EQ(outcome.kind, RenewalOutcome::Kind::failed);
        EXPECT_THAT(outcome.failure->what(), HasSubstr("no connection to " + host));
    }
    EXPECT_THAT(outcomes.back().failure->what(),
                HasSubstr(host + " is not asked again in this run"));
}

}  // namespace
}  // namespace cairn::client::session_pool_test
