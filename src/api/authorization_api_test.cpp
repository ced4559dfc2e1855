#include "api/authorization_api.h"

#include "api/testing/api_bench.h"
#include "protocol/authorization.h"

namespace cairn::api::testing::authorization_api_test {
namespace {

using enum protocol::ProblemType;
using protocol::AuthorizationObject;
using protocol::AuthorizationStatus;
using protocol::ChallengeObject;
using protocol::ChallengeStatus;
using protocol::ChallengeType;
using ::testing::Contains;
using ::testing::Pair;

class AuthorizationApiTest : public ApiBench {
  protected:
    ca::Authorization pending(const std::string& name = "www.example.org") {
        return placed(*sender.account, {name}).proofs.at(0);
    }
    [[nodiscard]] std::string challenge_of(const ca::Authorization& authorization,
                                           ChallengeType type = ChallengeType::http_01) const {
        return links.challenge(authorization.id, type);
    }
    AuthorizationObject shown(const ca::Authorization& authorization) {
        return object<AuthorizationObject>(read(sender, links.authorization(authorization.id)));
    }

    const Client sender = client();
};

TEST_F(AuthorizationApiTest, ShowsEachChallengeUntilOneHasDecided) {
    const auto proof = pending();
    const auto before = shown(proof);
    EXPECT_EQ(before.status, AuthorizationStatus::pending);
    EXPECT_EQ(before.expires, proof.expires);
    ASSERT_EQ(before.challenges.size(), 3U);
    EXPECT_EQ(before.challenges[1].type, "dns-01");
    EXPECT_EQ(before.challenges[1].url, challenge_of(proof, ChallengeType::dns_01));
    EXPECT_EQ(before.challenges[1].token, proof.token.text());

    EXPECT_EQ(post(sender, before.challenges[1].url, "{}").status, 200);
    const auto after = shown(proof);
    EXPECT_EQ(after.status, AuthorizationStatus::valid);
    ASSERT_EQ(after.challenges.size(), 1U);
    EXPECT_EQ(after.challenges[0].type, "dns-01");
    EXPECT_EQ(after.challenges[0].validated, start_time);
}

TEST_F(AuthorizationApiTest, ShowsAWildcardWithoutItsStar) {
    const auto object = shown(pending("*.example.org"));
    EXPECT_TRUE(object.wildcard);
    EXPECT_EQ(object.identifier.value(), "example.org");
    ASSERT_EQ(object.challenges.size(), 1U);
    EXPECT_EQ(object.challenges[0].type, "dns-01");
}

TEST_F(AuthorizationApiTest, AnswersAChallengeWithItsOutcome) {
    const auto proof = pending();
    const auto response = post(sender, challenge_of(proof), "{}");
    EXPECT_EQ(object<ChallengeObject>(response).status, ChallengeStatus::valid);
    EXPECT_THAT(response.fields,
                Contains(Pair("Link", "<" + links.authorization(proof.id) + ">;rel=\"up\"")));
    EXPECT_EQ(field(response, "Retry-After"), "");
    EXPECT_EQ(read(sender, challenge_of(proof)).body, response.body);
}

TEST_F(AuthorizationApiTest, SaysWhyAChallengeFailed) {
    validator.fail({connection, "192.0.2.1:80: connection refused"});
    const auto failed = object<ChallengeObject>(post(sender, challenge_of(pending()), "{}"));
    EXPECT_EQ(failed.status, ChallengeStatus::invalid);
    EXPECT_EQ(failed.error.value().type, connection);
    EXPECT_EQ(failed.error.value().detail, "192.0.2.1:80: connection refused");
}

TEST_F(AuthorizationApiTest, HoldsItsAnswerForAMomentWhileTheValidatorIsSlow) {
    validator.gate().close();
    const auto proof = pending();
    const auto response = post(sender, challenge_of(proof), "{}");
    EXPECT_EQ(object<ChallengeObject>(response).status, ChallengeStatus::processing);
    EXPECT_EQ(field(response, "Retry-After"), "1");
    const auto held = read(sender, links.authorization(proof.id));
    EXPECT_EQ(object<AuthorizationObject>(held).status, AuthorizationStatus::pending);
    EXPECT_EQ(field(held, "Retry-After"), "1");
    auto challenge = loop.start(posted(sender, challenge_of(proof), ""));
    auto authorization = loop.start(posted(sender, links.authorization(proof.id), ""));
    validator.gate().open();
    EXPECT_EQ(object<ChallengeObject>(EventLoop::result(std::move(challenge))).status,
              ChallengeStatus::valid);
    EXPECT_EQ(object<AuthorizationObject>(EventLoop::result(std::move(authorization))).status,
              AuthorizationStatus::valid);
}

TEST_F(AuthorizationApiTest, AnswersTwoResponsesAtOnceAlike) {
    validator.gate().close();
    const auto proof = pending();
    auto first = loop.start(posted(sender, challenge_of(proof), "{}"));
    auto second = loop.start(posted(sender, challenge_of(proof), "{}"));
    auto other = loop.start(posted(sender, challenge_of(proof, ChallengeType::dns_01), "{}"));
    EXPECT_EQ(
        refused(EventLoop::result(std::move(other))),
        (Refused{malformed, 400, "another challenge of this authorization is being validated"}));
    validator.gate().open();
    for (auto* each : {&first, &second})
        EXPECT_NE(object<ChallengeObject>(EventLoop::result(std::move(*each))).status,
                  ChallengeStatus::pending);
    EXPECT_EQ(shown(proof).status, AuthorizationStatus::valid);
    EXPECT_EQ(validator.questions().size(), 1U);
}

TEST_F(AuthorizationApiTest, KnowsNoChallengeThatIsNotOffered) {
    const Refused none{malformed, 404, "no such challenge"};
    const auto wildcard = pending("*.example.org");
    EXPECT_EQ(refused(post(sender, challenge_of(wildcard), "{}")), none);
    const auto unknown = site + "/acme/challenge/" + wildcard.id.to_string() + "/dns-99";
    EXPECT_EQ(refused(post(sender, unknown, "{}")), none);
}

TEST_F(AuthorizationApiTest, RefusesWhatIsNoResponse) {
    const auto proof = pending();
    EXPECT_EQ(refused(post(sender, challenge_of(proof), "[]")).type, malformed);
    EXPECT_TRUE(validator.questions().empty());
}

TEST_F(AuthorizationApiTest, ShowsNobodyAnothersAuthorization) {
    const Refused none{malformed, 404, "no such authorization"};
    const auto proof = pending();
    const auto other = client();
    EXPECT_EQ(refused(read(other, links.authorization(proof.id))), none);
    EXPECT_EQ(refused(post(other, challenge_of(proof), "{}")), none);
    EXPECT_EQ(refused(read(sender, site + "/acme/authorization/x")), none);
    EXPECT_TRUE(validator.questions().empty());
}

TEST_F(AuthorizationApiTest, GivesAnAuthorizationUp) {
    const auto url = links.authorization(pending().id);
    EXPECT_EQ(refused(post(sender, url, R"({"status":"valid"})")).type, malformed);
    const auto response = post(sender, url, R"({"status":"deactivated"})");
    EXPECT_EQ(object<AuthorizationObject>(response).status, AuthorizationStatus::deactivated);
    EXPECT_EQ(refused(post(sender, url, R"({"status":"deactivated"})")),
              (Refused{malformed, 400,
                       "only a pending or valid authorization that is not being validated can be "
                       "deactivated"}));
}

// Checks 84, 113.
TEST_F(AuthorizationApiTest, ShowsNoTokenForDnsPersist) {
    challenge_choices.types = {ChallengeType::dns_persist_01, ChallengeType::dns_account_01};
    restart();
    const auto proof = placed(*sender.account, {"*.example.org"}).proofs.at(0);
    const auto object = shown(proof);
    ASSERT_EQ(object.challenges.size(), 2U);
    EXPECT_EQ(object.challenges[0].type, "dns-account-01");
    EXPECT_EQ(object.challenges[0].token, proof.token.text());
    EXPECT_TRUE(object.challenges[0].issuer_domain_names.empty());
    EXPECT_EQ(object.challenges[0].account_uri, "");
    EXPECT_EQ(object.challenges[1].type, "dns-persist-01");
    EXPECT_EQ(object.challenges[1].token, "");
    EXPECT_THAT(object.challenges[1].issuer_domain_names, ::testing::ElementsAre("ca.example"));
    EXPECT_EQ(object.challenges[1].account_uri, sender.kid);
}

TEST_F(AuthorizationApiTest, TakesNoAnswerToAChallengeThatIsNotOfferedAnyMore) {
    const auto proof = pending();
    validation_options.challenges = {ChallengeType::dns_01};
    restart();
    const auto response = post(sender, challenge_of(proof), "{}");
    EXPECT_EQ(refused(response),
              (Refused{malformed, 400,
                       "this CA does not take http-01 any more; a new order gives a new "
                       "authorization"}));
    EXPECT_FALSE(found(proof.id).attempt);
}

// Check 82.
TEST_F(AuthorizationApiTest, IsMadeInAdvanceOfAnOrder) {
    const auto new_authz = links.to(path::new_authorization);
    const auto response =
        post(sender, new_authz, R"({"identifier":{"type":"dns","value":"www.example.org"}})");
    EXPECT_EQ(response.status, 201);
    const auto made = object<AuthorizationObject>(response);
    EXPECT_EQ(made.status, AuthorizationStatus::pending);
    EXPECT_EQ(made.identifier.value(), "www.example.org");
    const auto url = field(response, "Location");
    EXPECT_EQ(read(sender, url).body, response.body);
    EXPECT_EQ(read(client(), url).status, 404);

    const std::pair<const char*, Refused> cases[] = {
        {R"({"type":"dns","value":"*.example.org"})",
         {malformed, 400,
          "identifier: a wildcard cannot be authorized in advance (RFC 8555 section 7.4.1)"}},
        {R"({"type":"dns","value":"www.example.org","subdomainAuthAllowed":true})",
         {unauthorized, 403, "this CA gives no authorizations for subdomains (RFC 9444)"}},
        {R"({"type":"email","value":"a@example.org"})",
         {unsupported_identifier, 403,
          "identifiers of type dns and ip are known, not of type email"}},
    };
    for (const auto& [identifier, expected] : cases)
        EXPECT_EQ(
            refused(post(sender, new_authz, R"({"identifier":)" + std::string(identifier) + "}")),
            expected);
}

}  // namespace
}  // namespace cairn::api::testing::authorization_api_test
