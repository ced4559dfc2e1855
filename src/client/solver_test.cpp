#include "client/solver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/challenge.h"
#include "client/testing/heard.h"
#include "client/testing/own_solver.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::solver_test {
namespace {

class SolverSetTest : public ::testing::Test {
  protected:
    std::string canonical(const std::string& text) {
        const auto solver = solvers_.find(text);
        return solver ? (*solver)->specification() : "refused: " + solver.error().message;
    }
    testing::TemporaryFolder folder_;
    base::SystemClock clock_;
    InstantTimer timer_;
    testing::Heard heard_;
    SolverSet solvers_{SolverContext{clock_, timer_, heard_}};
};

TEST_F(SolverSetTest, ReadsSpecifications) {
    for (const auto* text :
         {"standalone", "standalone:127.0.0.1:8080", "standalone:[::1]:80", "tls-alpn",
          "tls-alpn:0.0.0.0:443", "manual", "dns-persist", "exec:/bin/true"})
        EXPECT_EQ(canonical(text), text);
    EXPECT_EQ(canonical("webroot:" + (folder_ / ".").string()),
              "webroot:" + folder_.path().string() + "/");
}

TEST_F(SolverSetTest, RefusesWhatItDoesNotKnow) {
    const auto none = (folder_ / "none").string();
    for (const auto& text :
         {std::string(), std::string("iis"), std::string("standalone:80"),
          std::string("standalone:localhost:80"), std::string("standalone:127.0.0.1:99999"),
          std::string("standalone:::1:80"), std::string("webroot"), "webroot:" + none,
          std::string("exec"), "exec:" + none, std::string("manual:x"),
          std::string("tls-alpn:127.0.0.1")})
        EXPECT_THAT(canonical(text), ::testing::StartsWith("refused: ")) << text;
    EXPECT_THAT(canonical("iis"), ::testing::HasSubstr("webroot:DIR"));
}

TEST_F(SolverSetTest, MakesEachSolverOnce) {
    EXPECT_EQ(*solvers_.find("standalone"), *solvers_.find("standalone:"));
    EXPECT_EQ(*solvers_.find("exec:/bin/true"), *solvers_.find("exec:/bin/../bin/true"));
    EXPECT_NE(*solvers_.find("standalone"), *solvers_.find("standalone:127.0.0.1:80"));
}

TEST_F(SolverSetTest, FindsSolversOfTheCallersOwn) {
    EXPECT_FALSE(solvers_.find("own"));
    testing::OwnSolver own;
    solvers_.add(own);
    EXPECT_EQ(*solvers_.find("own"), &own);
    EXPECT_FALSE(solvers_.find("own:2"));
}

TEST(DnsRecordTest, HasTheNameAndValueOfItsMethod) {
    using enum protocol::ChallengeType;
    auto challenge = testing::challenge(dns_account_01, "a.example");
    challenge.account_url = "https://example.com/acme/acct/ExampleAccount";
    EXPECT_EQ(dns_record_of(challenge).name, "_ujmmovf2vn55tgye._acme-challenge.a.example");
    EXPECT_EQ(dns_record_of(challenge).value,
              protocol::dns_record_value(challenge.key_authorization));
    challenge.type = dns_01;
    EXPECT_EQ(dns_record_of(challenge).name, "_acme-challenge.a.example");
    challenge.type = dns_persist_01;
    EXPECT_EQ(dns_record_of(challenge).name, "_validation-persist.a.example");
    EXPECT_EQ(dns_record_of(challenge).value, challenge.key_authorization);
}

TEST_F(SolverSetTest, EveryKindSaysHowToNameIt) {
    for (const auto& kind : solver_kinds()) {
        EXPECT_TRUE(kind.usage.starts_with(kind.name)) << kind.name;
        EXPECT_FALSE(kind.summary.empty()) << kind.name;
    }
}

}  // namespace
}  // namespace cairn::client::solver_test
