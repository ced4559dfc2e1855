#include "client/library/wanted_certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/certificate_authorities.h"
#include "client/failure.h"

namespace cairn::client::wanted_certificate_test {
namespace {

using ::testing::HasSubstr;

std::string refusal_of(const WantedCertificate& wanted) {
    try {
        static_cast<void>(plan_of(wanted, std::nullopt));
    } catch (const Failure& failure) {
        return failure.what();
    }
    return "none";
}

TEST(WantedCertificate, IsPlannedWithItsSolvers) {
    const auto plan =
        plan_of({.names = {"b.example", "*.b.example=own:dns", "b.example"}, .solver = "own"}, {});
    ASSERT_EQ(plan.names.size(), 2U);
    EXPECT_EQ(plan.names[0].solver, "own");
    EXPECT_EQ(plan.names[1].solver, "own:dns");
    EXPECT_EQ(plan.preferred_authority().directory_url, known_authorities().front().directory_url);
}

TEST(WantedCertificate, IsCalledAfterItsFirstName) {
    EXPECT_EQ(lineage_of({.names = {"*.a.example", "b.example"}}).text(), "a.example");
    EXPECT_EQ(lineage_of({.names = {"a.example=tls-alpn"}}).text(), "a.example");
    EXPECT_EQ(lineage_of({.names = {"a.example"}, .lineage = "web"}).text(), "web");
    EXPECT_THROW(static_cast<void>(lineage_of({.names = {}})), Failure);
    EXPECT_THROW(static_cast<void>(lineage_of({.names = {"a.example"}, .lineage = "../a"})),
                 Failure);
}

TEST(WantedCertificate, KnowsCasByName) {
    const auto plan = plan_of(
        {.names = {"a.example"},
         .authorities = {{"letsencrypt-staging"}, {"https://ca.example/directory", "/root.pem"}}},
        {});
    ASSERT_EQ(plan.authorities.size(), 2U);
    EXPECT_THAT(plan.authorities[0].directory_url, HasSubstr("staging"));
    EXPECT_EQ(plan.authorities[1].root_file, "/root.pem");
}

TEST(WantedCertificate, LeavesAloneWhatItDoesNotSpeakOf) {
    CertificatePlan former;
    former.post_hook = "/bin/true";
    former.deploy_targets = {{.hook = "/bin/true"}};
    former.profile = "shortlived";
    const auto plan = plan_of({.names = {"a.example"}}, former);
    EXPECT_EQ(plan.post_hook, "/bin/true");
    EXPECT_EQ(plan.deploy_targets, former.deploy_targets);
    EXPECT_EQ(plan.profile, "");
}

TEST(WantedCertificate, TellsAllThatIsWrongWithItAtOnce) {
    const auto text = refusal_of({.names = {"not a name", "a.example"},
                                  .authorities = {{"nobody"}},
                                  .account_name = "../x",
                                  .key_types = {}});
    EXPECT_THAT(text, HasSubstr("not a name"));
    EXPECT_THAT(text, HasSubstr("nobody"));
    EXPECT_THAT(text, HasSubstr("../x"));
    EXPECT_THAT(text, HasSubstr("key type"));
    EXPECT_THAT(refusal_of({.names = {}}), HasSubstr("no name"));
}

}  // namespace
}  // namespace cairn::client::wanted_certificate_test
