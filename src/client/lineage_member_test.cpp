#include "client/lineage_member.h"

#include <gtest/gtest.h>

namespace cairn::client::lineage_member_test {
namespace {

using enum crypto::KeyType;

CertificatePlan plan(std::vector<crypto::KeyType> key_types) {
    CertificatePlan plan;
    plan.authorities = {{"https://ca.example/directory"}};
    plan.names = {RequestedName::from_text("a.example", "standalone").value()};
    plan.key_types = std::move(key_types);
    return plan;
}

class LineageMemberTest : public ::testing::Test {
  protected:
    LineageName name_ = LineageName::from_text("a.example").value();
    LineageMember first_{name_};
    LineageMember rsa_{name_, rsa2048};
};

TEST_F(LineageMemberTest, HasItsKeyTypeInItsFileNamesUnlessItIsTheFirst) {
    EXPECT_EQ(first_.suffix(), "");
    EXPECT_EQ(rsa_.suffix(), "-rsa2048");
}

TEST_F(LineageMemberTest, ThereIsOneForEachKeyTypeOfThePlan) {
    EXPECT_EQ(planned_members(name_, plan({ec_p384})), std::vector{first_});
    const auto both = plan({ec_p384, rsa2048});
    EXPECT_EQ(planned_members(name_, both), (std::vector{first_, rsa_}));
    EXPECT_EQ(first_.key_type(both), ec_p384);
    EXPECT_EQ(rsa_.key_type(both), rsa2048);
    EXPECT_EQ(possible_members(name_).size(), 7U);
}

TEST_F(LineageMemberTest, IsTheSameWhicheverCaIsAsked) {
    auto other = plan({ec_p256});
    other.authorities = {{"https://other.example/dir"}};
    other.deploy_targets = {{"/bin/true"}};
    EXPECT_TRUE(asks_for_the_same(plan({ec_p256}), other, first_));
    other.profile = "short";
    EXPECT_FALSE(asks_for_the_same(plan({ec_p256}), other, first_));
}

TEST_F(LineageMemberTest, IsAnotherForAnotherKeyType) {
    struct Case {
        std::vector<crypto::KeyType> one, other;
        bool is_first_the_same, is_rsa_the_same;
    };
    const Case cases[] = {
        {{ec_p256}, {ec_p256, rsa2048}, true, false},
        {{ec_p256, rsa2048}, {ec_p384, rsa2048}, false, true},
        {{ec_p256, rsa2048}, {ec_p256, ec_p384, rsa2048}, true, true},
        {{ec_p256, rsa2048}, {rsa2048, ec_p256}, false, false},
    };
    for (const auto& [one, other, is_first_the_same, is_rsa_the_same] : cases) {
        EXPECT_EQ(asks_for_the_same(plan(one), plan(other), first_), is_first_the_same);
        EXPECT_EQ(asks_for_the_same(plan(one), plan(other), rsa_), is_rsa_the_same);
    }
}

}  // namespace
}  // namespace cairn::client::lineage_member_test
