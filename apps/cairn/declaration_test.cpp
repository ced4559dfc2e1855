#include "apps/cairn/declaration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::declaration_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Declaration, ReadsCertificatesAndWhatTheyHaveInCommon) {
    const auto read = declared_in(R"(
[defaults]
ca = ["letsencrypt", "zerossl"]
email = "you@example.com"
agree_tos = true
solver = "webroot:/srv"
deploy_hooks = "systemctl reload nginx"

[[certificate]]
names = ["example.com", "*.example.com=exec:/hook"]
key_types = ["ec-p256", "rsa2048"]
reuse_key = true

[[certificate]]
name = "mail"
names = "mail.example.com"
ca = "https://ca.example/directory"
reuse_key = false
renew_before = "30d"
ca_timeout = "2m"
)");
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(read->size(), 2U);
    const auto& first = read->front();
    EXPECT_EQ(first.lineage, "");
    EXPECT_THAT(first.plan.names, ElementsAre("example.com", "*.example.com=exec:/hook"));
    EXPECT_THAT(first.plan.authorities, ElementsAre("letsencrypt", "zerossl"));
    EXPECT_THAT(first.plan.key_types, ElementsAre("ec-p256", "rsa2048"));
    EXPECT_THAT(first.plan.deploy_hooks, ElementsAre("systemctl reload nginx"));
    EXPECT_TRUE(first.plan.reuse_key && !first.plan.fresh_key);
    EXPECT_EQ(first.plan.solver, "webroot:/srv");
    EXPECT_EQ(first.account.email, "you@example.com");
    EXPECT_TRUE(first.account.agree_terms);
    EXPECT_FALSE(first.plan.profile);
    const auto& second = read->back();
    EXPECT_EQ(second.lineage, "mail");
    EXPECT_THAT(second.plan.authorities, ElementsAre("https://ca.example/directory"));
    EXPECT_TRUE(second.plan.fresh_key && !second.plan.reuse_key);
    EXPECT_EQ(second.plan.renew_before, "30d");
    EXPECT_EQ(second.plan.ca_timeout, "2m");
}

TEST(Declaration, TellsAllThatIsWrongAtOnce) {
    const auto read = declared_in(R"(
[setings]
[defaults]
names = ["a.example"]
[[certificate]]
names = ["a.example"]
profil = "x"
agree_tos = "yes"
[[certificate]]
name = "a.example"
names = []
profile = "a"
required_profile = "b"
eab_kid = "secret-text"
)");
    ASSERT_FALSE(read);
    for (const auto* words :
         {"setings is not a known key", "defaults.names is not a known key",
          "certificate[1].profil is not a known key; did you mean certificate[1].profile?",
          "certificate[1].agree_tos must be", "certificate[2].names must name at least one",
          "certificate[2].name a.example is declared before",
          "certificate[2].profile and required_profile", "certificate[2].eab_kid and"})
        EXPECT_THAT(read.error().message, HasSubstr(words));
    EXPECT_THAT(read.error().message, Not(HasSubstr("secret-text")));
}

TEST(Declaration, RefusesWhatDeclaresNothing) {
    for (const auto* text : {"", "[defaults]\n", "certificate = 1", "[[certificate]]", "x = ["})
        EXPECT_FALSE(declared_in(text)) << text;
}

}  // namespace
}  // namespace cairn::declaration_test
