#include "client/preflight.h"

#include <fstream>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/free_port.h"
#include "client/testing/heard.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::preflight_test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class PreflightTest : public ::testing::Test {
  protected:
    CertificatePlan plan(std::vector<std::string> names) {
        CertificatePlan plan;
        plan.authorities = {{"https://ca.example/dir"}};
        for (const auto& name : names)
            plan.names.push_back(
                RequestedName::from_text(name, "webroot:" + folder_.path().string()).value());
        return plan;
    }
    std::vector<Obstacle> obstacles(const CertificatePlan& plan,
                                    PortsLookedAt ports = PortsLookedAt::yes) {
        return obstacles_to(plan, solvers_, state_, ports);
    }
    std::string only_obstacle(const std::string& name) {
        const auto found = obstacles(plan({name}));
        if (found.size() != 1) return std::to_string(found.size()) + " obstacles";
        return found.front().failure.came_back();
    }
    testing::TemporaryFolder folder_;
    StateDirectory state_{folder_ / "state"};
    base::SystemClock clock_;
    SystemTimer timer_;
    testing::Heard heard_;
    SolverSet solvers_{SolverContext{clock_, timer_, heard_}};
};

TEST_F(PreflightTest, LetsPassWhatIsInOrder) {
    EXPECT_THAT(obstacles(plan({"a.example", "192.0.2.1", "*.b.example=exec:/bin/true"})),
                IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(folder_ / ".well-known"));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "state"));
}

TEST_F(PreflightTest, KnowsWhichChallengesProveWhat) {
    EXPECT_THAT(only_obstacle("*.a.example=standalone"),
                HasSubstr("http-01, which proves nothing of a wildcard"));
    EXPECT_THAT(only_obstacle("*.a.example=tls-alpn"), HasSubstr("wildcard"));
    EXPECT_THAT(only_obstacle("192.0.2.1=exec:/bin/true"),
                HasSubstr("dns-01 or dns-account-01, which proves nothing of an address"));
}

TEST_F(PreflightTest, FindsWhatIsMissing) {
    EXPECT_THAT(only_obstacle("a.example=exec:/no/such/program"), HasSubstr("no program"));
    EXPECT_THAT(only_obstacle("a.example=webroot:/no/such/folder"), HasSubstr("no directory"));
    EXPECT_THAT(only_obstacle("a.example=gopher"), HasSubstr("no solver \"gopher\""));
    auto with_hooks = plan({"a.example"});
    with_hooks.pre_hook = "/no/such/hook now";
    with_hooks.deploy_targets = {{"/bin/true | /bin/false"}};
    with_hooks.authorities.front().root_file = "/no/such/root.pem";
    const auto found = obstacles(with_hooks);
    ASSERT_THAT(found, SizeIs(3));
    EXPECT_EQ(found[0].subject, "pre_hook");
    EXPECT_THAT(found[0].failure.came_back(), HasSubstr("no program /no/such/hook"));
    EXPECT_THAT(found[1].failure.came_back(), HasSubstr("without a shell"));
    EXPECT_EQ(found[2].subject, "--ca-root");

    EXPECT_THAT(obstacles_to(with_hooks, solvers_, state_, PortsLookedAt::yes, HooksLookedAt::no),
                SizeIs(1));
    const auto all = failure_of(LineageName::from_text("a.example").value(), found);
    for (const auto* part : {"3 things", "pre_hook", "deploy_hook", "--ca-root", "Next: "})
        EXPECT_THAT(all.came_back(), HasSubstr(part));
}

TEST_F(PreflightTest, FindsAWebrootThatLeadsElsewhere) {
    std::filesystem::create_symlink("/tmp", folder_ / ".well-known");
    EXPECT_THAT(only_obstacle("a.example"), HasSubstr("it is a link"));
}

TEST_F(PreflightTest, FindsAPortInUse) {
    const auto address = "127.0.0.1:" + std::to_string(testing::free_port());
    for (const std::string kind : {"standalone:", "tls-alpn:"}) {
        const auto wanted = plan({"a.example=" + kind + address, "b.example=" + kind + address});
        EXPECT_THAT(obstacles(wanted), IsEmpty()) << kind;
        testing::Heard heard;
        SolverSet others{SolverContext{clock_, timer_, heard}};
        auto& other = *others.find("standalone:" + address).value();
        const auto challenge =
            Challenge{protocol::ChallengeType::http_01,
                      protocol::Identifier::dns("c.example").value(),
                      protocol::Token::from_text("abcdefghijklmnopqrstuvwxyz").value(),
                      "x",
                      {}};
        other.present(challenge);
        EXPECT_THAT(obstacles(wanted), SizeIs(1)) << "once for the solver: " << kind;
        EXPECT_THAT(obstacles(wanted, PortsLookedAt::no), IsEmpty()) << kind;
        // One that has the port itself is not in its own way.
        EXPECT_FALSE(other.obstacle());
        other.clean_up(challenge);
    }
}

TEST_F(PreflightTest, FindsWhatMayNotBeWritten) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
    std::filesystem::permissions(
        folder_.path(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
    const auto found = obstacles(plan({"a.example"}));
    std::filesystem::permissions(folder_.path(), std::filesystem::perms::owner_all);
    ASSERT_THAT(found, SizeIs(2));
    EXPECT_EQ(found.back().subject, "the state");
}

}  // namespace
}  // namespace cairn::client::preflight_test
