#include "client/issued_chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/issuer.h"

namespace cairn::client::issued_chain_test {
namespace {

using ::testing::HasSubstr;

std::vector<protocol::Identifier> identifiers(const std::vector<std::string>& values) {
    std::vector<protocol::Identifier> result;
    for (const auto& value : values) result.push_back(protocol::Identifier::dns(value).value());
    return result;
}

class IssuedChain : public ::testing::Test {
  protected:
    std::string pem(const std::vector<std::string>& names) {
        return pki::to_pem(issuer_.issue(key_.public_key(), testing::names(names)));
    }
    std::string refusal(const std::string& text, const std::vector<std::string>& names) {
        return refusal(text, names, base::SystemClock().now());
    }
    std::string refusal(const std::string& text, const std::vector<std::string>& names,
                        base::Time now) {
        const auto asked = identifiers(names);
        const auto chain = issued_chain_from_pem(text, {key_.public_key(), asked, now});
        return chain ? "none" : chain.error().message;
    }
    testing::Issuer issuer_;
    crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
};

TEST_F(IssuedChain, TakesOurKeyAndExactlyOurNames) {
    EXPECT_EQ(refusal(pem({"a.example"}), {"a.example"}), "none");
    EXPECT_EQ(refusal(pem({"B.example", "*.a.example"}), {"*.a.example", "b.example"}), "none");
}

TEST_F(IssuedChain, TakesAddresses) {
    pki::SubjectNames names;
    names.ip_addresses.push_back(base::IpAddress::from_text("192.0.2.1").value());
    const auto text = pki::to_pem(issuer_.issue(key_.public_key(), names));
    const std::vector asked{protocol::Identifier::ip("192.0.2.1").value()};
    EXPECT_TRUE(issued_chain_from_pem(text, {key_.public_key(), asked, base::SystemClock().now()}));
}

TEST_F(IssuedChain, RefusesOtherNames) {
    EXPECT_THAT(refusal(pem({"b.example"}), {"a.example"}), HasSubstr("is for b.example"));
    EXPECT_THAT(refusal(pem({"a.example"}), {"a.example", "b.example"}), HasSubstr("asked for"));
    EXPECT_THAT(refusal(pem({"a.example", "b.example"}), {"a.example"}), HasSubstr("b.example"));
}

TEST_F(IssuedChain, RefusesAnotherKey) {
    key_ = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const auto text = pem({"a.example"});
    key_ = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    EXPECT_THAT(refusal(text, {"a.example"}), HasSubstr("another key"));
}

TEST_F(IssuedChain, RefusesWhatIsNotOnlyCertificates) {
    const auto good = pem({"a.example"});
    const auto key_block = key_.to_pem();
    // RFC 8555 section 11.4: a CA must not slip other blocks into a server's files.
    EXPECT_NE(refusal(good + std::string(base::text_of(key_block)), {"a.example"}), "none");
    EXPECT_NE(refusal("", {"a.example"}), "none");
    EXPECT_NE(refusal("<html>", {"a.example"}), "none");
    EXPECT_NE(refusal(good + "include /etc/shadow;\n", {"a.example"}), "none");
    std::string many = good;
    for (int i = 0; i < 100; ++i) many += issuer_.root().pem();
    EXPECT_NE(refusal(many, {"a.example"}), "none");
    EXPECT_NE(refusal(good + std::string(1 << 20, '\n'), {"a.example"}), "none");
}

TEST_F(IssuedChain, RefusesWhatIsNotValidNow) {
    const auto now = base::SystemClock().now();
    const auto text = pem({"a.example"});
    EXPECT_EQ(refusal(text, {"a.example"}, now - clock_tolerance), "none");
    EXPECT_THAT(refusal(text, {"a.example"}, now - clock_tolerance - std::chrono::hours(2)),
                HasSubstr("valid only from"));
    EXPECT_EQ(refusal(text, {"a.example"}, now + std::chrono::days(89)), "none");
    EXPECT_THAT(refusal(text, {"a.example"}, now + std::chrono::days(91)),
                HasSubstr("was valid until"));
}

TEST_F(IssuedChain, RefusesWhatHasExpiredAndWhatIsACa) {
    const auto now = base::SystemClock().now();
    EXPECT_THAT(refusal(pki::to_pem(issuer_.issue(
                            key_.public_key(), testing::names({"a.example"}),
                            {now - std::chrono::days(2), now - std::chrono::days(1)})),
                        {"a.example"}),
                HasSubstr("was valid until"));
    // A root for our key and without names is stopped by its names first.
    const testing::Issuer other;
    EXPECT_NE(refusal(other.root().pem(), {"a.example"}), "none");
}

TEST_F(IssuedChain, KnowsWhereAChainLeads) {
    const auto chain = issuer_.issue(key_.public_key(), testing::names({"a.example"}));
    EXPECT_TRUE(leads_to(chain, "Test Root"));
    EXPECT_TRUE(leads_to(std::span(chain).first(1), "Test Root"));
    EXPECT_FALSE(leads_to(chain, "Other Root"));
    EXPECT_FALSE(leads_to({}, "Test Root"));
}

}  // namespace
}  // namespace cairn::client::issued_chain_test
