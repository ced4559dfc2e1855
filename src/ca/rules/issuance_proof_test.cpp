#include "ca/rules/issuance_proof.h"

#include <gtest/gtest.h>

#include "ca/rules/challenge_rules.h"
#include "crypto/random.h"

namespace cairn::ca::issuance_proof_test {
namespace {

using protocol::Identifier;
using protocol::ProblemType;

const base::Time now = *base::from_rfc3339("2026-11-22T12:00:00Z");

class IssuanceProofTest : public ::testing::Test {
  protected:
    // A finalized order for these names, whose CSR asks for the same.
    Order order_for(const std::vector<std::string>& names) {
        Order order{.id = OrderId::fresh(now, random_),
                    .account = account_,
                    .created = now,
                    .expires = now + std::chrono::days(7),
                    .identifiers = {},
                    .authorizations = {},
                    .profile = "plain",
                    .not_before = std::nullopt,
                    .not_after = std::nullopt,
                    .intent = std::nullopt,
                    .completed = std::nullopt,
                    .problem = std::nullopt};
        pki::SubjectNames requested;
        for (const auto& name : names) {
            const auto address = Identifier::ip(name);
            order.identifiers.push_back(address ? *address : *Identifier::dns(name));
            if (address)
                requested.ip_addresses.push_back(address->ip_address());
            else
                requested.dns_names.push_back(name);
        }
        order.intent = IssuanceIntent{.begun = now,
                                      .csr = pki::make_csr(key_, requested),
                                      .serial = pki::SerialNumber::random(random_),
                                      .validity = {now, now + std::chrono::days(90)}};
        return order;
    }
    Authorization proof_of(const Identifier& identifier) {
        return {.id = AuthorizationId::fresh(now, random_),
                .account = account_,
                .identifier = identifier,
                .created = now,
                .expires = now + std::chrono::days(10),
                .token = protocol::Token::random(random_),
                .offered = challenges_for(identifier),
                .attempt = ValidationAttempt{.method = challenges_for(identifier).front(),
                                             .started = now,
                                             .finished = now,
                                             .problem = std::nullopt},
                .deactivated = std::nullopt};
    }
    std::vector<Authorization> proofs_of(const Order& order) {
        std::vector<Authorization> proofs;
        for (const auto& identifier : order.identifiers) proofs.push_back(proof_of(identifier));
        return proofs;
    }
    static pki::Csr csr_of(const Order& order) {
        return pki::Csr::from_kept_der(order.intent->csr).value();
    }
    protocol::OrProblem<IssuanceProof> prove(const Order& order) {
        return IssuanceProof::of(order, proofs_of(order), csr_of(order), profiles_);
    }

    crypto::SystemRandom random_;
    AccountId account_ = AccountId::fresh(now, random_);
    crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    Profiles profiles_ = [] {
        Profile plain;
        plain.name = "plain";
        Profile named;
        named.name = "named";
        named.certificate.common_name = true;
        named.certificate.purposes.push_back(pki::KeyPurpose::client_auth);
        Profile rsa;
        rsa.name = "rsa";
        rsa.key_algorithms = {crypto::KeyAlgorithm::rsa};
        return Profiles::of({{"plain", plain}, {"named", named}, {"rsa", rsa}}, "plain").value();
    }();
};

// Check 138.
TEST_F(IssuanceProofTest, HoldsExactlyWhatWasAuthorized) {
    const auto order = order_for({"a.example.com", "192.0.2.7"});
    const auto proof = prove(order);
    ASSERT_TRUE(proof);
    const auto& fields = proof->fields();
    EXPECT_EQ(fields.names.dns_names, std::vector<std::string>{"a.example.com"});
    EXPECT_EQ(fields.names.ip_addresses, std::vector{*base::IpAddress::from_text("192.0.2.7")});
    EXPECT_EQ(fields.serial, order.intent->serial);
    EXPECT_EQ(fields.validity.not_before, order.intent->validity.not_before);
    EXPECT_EQ(fields.validity.not_after, order.intent->validity.not_after);
    EXPECT_EQ(fields.public_key, key_.public_key());
    EXPECT_FALSE(fields.common_name);
}

TEST_F(IssuanceProofTest, CarriesTheProfileOfTheOrder) {
    const std::string long_name = std::string(50, 'a') + ".long-long-long.example.com";
    auto order = order_for({long_name, "b.example.com", "c.example.com"});
    EXPECT_EQ(&prove(order)->profile(), &profiles_.find("plain")->certificate);
    order.profile = "named";
    EXPECT_EQ(&prove(order)->profile(), &profiles_.find("named")->certificate);
    EXPECT_EQ(prove(order)->fields().common_name, "b.example.com")
        << "the first that is short enough";
    order.profile = "gone";
    EXPECT_EQ(prove(order).error().type, ProblemType::invalid_profile);
    order.profile = "rsa";
    EXPECT_EQ(prove(order).error().detail,
              "its key is refused: profile \"rsa\" does not certify ec-p256 keys");
}

// Check 138.
TEST_F(IssuanceProofTest, IsNotThereWithoutEveryAuthorization) {
    const auto order = order_for({"a.example.com", "b.example.com"});
    const auto spoil = [&](auto change) {
        auto proofs = proofs_of(order);
        change(proofs);
        return !IssuanceProof::of(order, proofs, csr_of(order), profiles_).has_value();
    };
    EXPECT_FALSE(spoil([](auto&) {}));
    EXPECT_TRUE(spoil([](auto& proofs) { proofs.pop_back(); }));
    EXPECT_TRUE(spoil([](auto& proofs) { proofs[1] = proofs[0]; }));
    EXPECT_TRUE(spoil([](auto& proofs) { proofs[1].deactivated = now; }));
    EXPECT_TRUE(spoil([](auto& proofs) { proofs[1].expires = now; }));
    EXPECT_TRUE(spoil([](auto& proofs) { proofs[1].attempt.reset(); }));
    EXPECT_TRUE(spoil([](auto& proofs) {
        proofs[1].attempt->problem.emplace(ProblemType::dns, "no such name");
    }));
    EXPECT_TRUE(spoil([&](auto& proofs) { proofs[1].account = AccountId::fresh(now, random_); }));
    EXPECT_TRUE(spoil([&](auto& proofs) { proofs.push_back(proof_of(*Identifier::dns("c.d"))); }));
    auto unfinalized = order;
    unfinalized.intent.reset();
    EXPECT_EQ(
        IssuanceProof::of(unfinalized, proofs_of(order), csr_of(order), profiles_).error().type,
        ProblemType::order_not_ready);
}

TEST_F(IssuanceProofTest, StandsOnANameAboveThatIsForSubdomains) {  // RFC 9444
    const auto order = order_for({"a.b.example.com", "*.example.com", "example.com"});
    const auto is_proved = [&](auto change) {
        auto proof = proof_of(*Identifier::dns("example.com"));
        proof.for_subdomains = true;
        proof.attempt->method = protocol::ChallengeType::dns_01;
        change(proof);
        // Once for each name, as an order has it.
        const std::vector proofs(order.identifiers.size(), proof);
        return IssuanceProof::of(order, proofs, csr_of(order), profiles_).has_value();
    };
    EXPECT_TRUE(is_proved([](auto&) {}));
    EXPECT_TRUE(is_proved(
        [](auto& proof) { proof.attempt->method = protocol::ChallengeType::dns_persist_01; }));
    EXPECT_FALSE(is_proved([](auto& proof) { proof.for_subdomains = false; }));
    EXPECT_FALSE(
        is_proved([](auto& proof) { proof.attempt->method = protocol::ChallengeType::http_01; }));
    EXPECT_FALSE(
        is_proved([](auto& proof) { proof.identifier = *Identifier::dns("b.example.com"); }));
    EXPECT_FALSE(
        is_proved([](auto& proof) { proof.identifier = *Identifier::dns("*.example.com"); }));
    EXPECT_FALSE(is_proved([](auto& proof) { proof.identifier = *Identifier::dns("ample.com"); }));
    EXPECT_FALSE(is_proved([](auto& proof) { proof.expires = now; }));
    EXPECT_FALSE(is_proved([&](auto& proof) { proof.account = AccountId::fresh(now, random_); }));
}

// Check 138.
TEST_F(IssuanceProofTest, IsNotThereForOtherNames) {
    auto order = order_for({"b.example.com"});
    order.identifiers = {*Identifier::dns("a.example.com")};
    EXPECT_EQ(prove(order).error().type, ProblemType::bad_csr);
}

TEST_F(IssuanceProofTest, IsNotThereForACsrThatIsNotTheIntents) {
    auto order = order_for({"a.example.com"});
    const auto csr = csr_of(order);
    order.intent->csr =
        pki::make_csr(crypto::PrivateKey::generate(crypto::KeyType::ec_p256),
                      {.dns_names = {"a.example.com"}, .ip_addresses = {}, .other_names = 0});
    EXPECT_EQ(IssuanceProof::of(order, proofs_of(order), csr, profiles_).error().detail,
              "the CSR is not the one that the order was finalized with");
}

}  // namespace
}  // namespace cairn::ca::issuance_proof_test
