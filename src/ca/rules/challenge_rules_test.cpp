#include "ca/rules/challenge_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/random.h"

namespace cairn::ca::challenge_rules_test {
namespace {

using protocol::ChallengeType;
using protocol::Identifier;
using protocol::ProblemType;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using enum ChallengeType;

const ChallengeChoices all{
    .types = {base::enumerators<ChallengeType>.begin(), base::enumerators<ChallengeType>.end()}};

TEST(ChallengeRules, OfferOnlyWhatProvesTheIdentifier) {
    const auto name = *Identifier::dns("a.example.com");
    const auto wildcard = *Identifier::dns("*.example.com");
    const auto address = *Identifier::ip("192.0.2.1");
    EXPECT_THAT(challenges_for(name), ElementsAre(http_01, dns_01, tls_alpn_01));
    EXPECT_THAT(challenges_for(wildcard), ElementsAre(dns_01));
    EXPECT_THAT(challenges_for(address), ElementsAre(http_01, tls_alpn_01));
    EXPECT_THAT(challenges_for(name, all),
                ElementsAre(http_01, dns_01, tls_alpn_01, dns_account_01, dns_persist_01));
    EXPECT_THAT(challenges_for(wildcard, all), ElementsAre(dns_01, dns_account_01, dns_persist_01));
    EXPECT_THAT(challenges_for(address, all), ElementsAre(http_01, tls_alpn_01));
    EXPECT_THAT(challenges_for(name, all, Breadth::subdomains),
                ElementsAre(dns_01, dns_account_01, dns_persist_01));
    EXPECT_THAT(challenges_for(wildcard, {.types = {http_01, tls_alpn_01}}), IsEmpty());
}

TEST(ChallengeRules, LetAProofLastAsLongAsItCanBeReliedOn) {
    using namespace std::chrono_literals;
    const Profile profile;  // ten days
    const base::Time now(1'800'000'000s);
    EXPECT_EQ(proof_expiry(profile, std::nullopt, now), now + 240h);
    EXPECT_EQ(proof_expiry(profile, 2h, now), now + 2h);
    EXPECT_EQ(proof_expiry(profile, 1000h, now), now + 240h);
    EXPECT_EQ(proof_expiry(profile, 0s, now), now + 10min);
    Profile brief;
    brief.reuse_lifetime = 60s;
    EXPECT_EQ(proof_expiry(brief, 0s, now), now + 60s);
}

TEST(ChallengeRules, RefuseWhatNothingProves) {
    crypto::SystemRandom random;
    const base::Time now{};
    const ChallengeChoices by_web{.types = {http_01}};
    std::vector<Authorization> proofs;
    for (const char* name : {"a.example.com", "*.example.com", "*.example.org"}) {
        const auto identifier = *Identifier::dns(name);
        proofs.push_back({.id = AuthorizationId::fresh(now, random),
                          .account = AccountId::fresh(now, random),
                          .identifier = identifier,
                          .created = now,
                          .expires = now,
                          .token = protocol::Token::random(random),
                          .offered = challenges_for(identifier, by_web),
                          .attempt = std::nullopt,
                          .deactivated = std::nullopt});
    }
    EXPECT_FALSE(provability_refusal(std::span(proofs).first(1)));
    const auto problem = provability_refusal(proofs);
    ASSERT_TRUE(problem);
    EXPECT_EQ(problem->type, ProblemType::rejected_identifier);
    ASSERT_EQ(problem->subproblems.size(), 2U);
    EXPECT_EQ(problem->subproblems[1].identifier,
              std::pair(std::string("dns"), std::string("*.example.org")));
}

}  // namespace
}  // namespace cairn::ca::challenge_rules_test
