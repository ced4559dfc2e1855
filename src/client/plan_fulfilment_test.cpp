#include "client/plan_fulfilment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/issuer.h"
#include "pki/csr.h"

namespace cairn::client::plan_fulfilment_test {
namespace {

using ::testing::HasSubstr;

class PlanFulfilment : public ::testing::Test {
  protected:
    static CertificatePlan plan(std::vector<const char*> names) {
        CertificatePlan plan;
        plan.authorities = {{"https://ca.example/dir"}};
        for (const auto* name : names)
            plan.names.push_back(RequestedName::from_text(name, "standalone").value());
        return plan;
    }
    std::string shortfall(const CertificatePlan& plan, const LineageFacts& facts = {},
                          std::optional<crypto::KeyType> further = {}) {
        return shortfall_of(standing_, {name_, further}, plan, facts).value_or("none");
    }
    testing::Issuer issuer_;
    LineageName name_ = LineageName::from_text("a.example").value();
    crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    Generation standing_{
        key_, issuer_.issue(key_.public_key(), testing::names({"a.example", "b.example"}))};
};

TEST_F(PlanFulfilment, LooksAtNames) {
    EXPECT_EQ(shortfall(plan({"b.example", "a.example"})), "none");
    EXPECT_EQ(shortfall(plan({"a.example", "b.example", "c.example"})), "it is not for c.example");
    EXPECT_EQ(shortfall(plan({"a.example"})), "it is still for b.example");
    EXPECT_EQ(shortfall(plan({"a.example", "d.example"})),
              "it is not for d.example, but still for b.example");
}

TEST_F(PlanFulfilment, LooksAtTheKey) {
    auto wanted = plan({"a.example", "b.example"});
    EXPECT_THAT(shortfall(wanted, {}, crypto::KeyType::rsa2048), HasSubstr("type rsa2048"));
    wanted.key_types = {crypto::KeyType::ec_p384};
    EXPECT_THAT(shortfall(wanted), HasSubstr("type ec-p384"));
}

TEST_F(PlanFulfilment, LooksAtTheKeyOfARequest) {
    auto wanted = plan({"a.example", "b.example"});
    wanted.csr = pki::make_csr(key_, testing::names({"a.example", "b.example"}));
    EXPECT_EQ(shortfall(wanted), "none");
    wanted.csr = pki::make_csr(crypto::PrivateKey::generate(crypto::KeyType::ec_p256),
                               testing::names({"a.example", "b.example"}));
    EXPECT_THAT(shortfall(wanted), HasSubstr("request from elsewhere"));
}

TEST_F(PlanFulfilment, LooksAtTheCaAndTheProfile) {
    auto wanted = plan({"a.example", "b.example"});
    LineageFacts facts;
    facts.obtained = GenerationFact{1, base::Time{}};
    EXPECT_EQ(shortfall(wanted, facts), "none") << "not known from where and how";
    facts.obtained->directory_url = "https://ca.example/dir";
    facts.obtained->profile = "";
    EXPECT_EQ(shortfall(wanted, facts), "none");
    wanted.profile = "short";
    EXPECT_EQ(shortfall(wanted, facts), "it was asked for without a profile, not with short");
    facts.obtained->profile = "long";
    EXPECT_THAT(shortfall(wanted, facts), HasSubstr("with the profile long, not with short"));
    wanted.profile = "long";
    wanted.authorities.insert(wanted.authorities.begin(), {"https://other.example/dir"});
    EXPECT_EQ(shortfall(wanted, facts), "none") << "its CA is still one of them";
    wanted.authorities.pop_back();
    EXPECT_THAT(shortfall(wanted, facts), HasSubstr("from the CA at https://ca.example/dir"));
}

}  // namespace
}  // namespace cairn::client::plan_fulfilment_test
