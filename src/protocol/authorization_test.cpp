#include "protocol/authorization.h"

#include <gtest/gtest.h>

namespace cairn::protocol::authorization_test {
namespace {

using base::bytes_of;

TEST(ChallengeObject, IsReadAsWritten) {
    // The example of RFC 8555 section 7.5.1, then one that failed, then one without a token.
    for (const char* json :
         {R"({"type":"dns-01","url":"https://example.com/acme/chall/Rg5dV14Gh1Q",)"
          R"("status":"pending","token":"evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"})",
          R"({"type":"http-01","url":"u","status":"invalid","token":"DGyRejmCefe7v4NfDGDKfA",)"
          R"("validated":"2026-12-01T12:05:13Z","error":)"
          R"({"type":"urn:ietf:params:acme:error:connection","detail":"refused","status":400}})",
          R"({"type":"dns-persist-01","url":"u","status":"processing",)"
          R"("issuer-domain-names":["ca.example","ca.example.net"],"accounturi":"https://a"})"}) {
        const auto challenge = ChallengeObject::from_json(bytes_of(json));
        ASSERT_TRUE(challenge) << challenge.error().message;
        EXPECT_EQ(challenge->to_json(), json);
    }
}

// Erratum 5732 to RFC 8555.
TEST(ChallengeObject, MayHoldAnErrorWhileProcessing) {
    const auto challenge = ChallengeObject::from_json(
        bytes_of(R"({"type":"http-01","url":"u","status":"processing","error":{}})"));
    ASSERT_TRUE(challenge);
    EXPECT_EQ(challenge->status, ChallengeStatus::processing);
    EXPECT_TRUE(challenge->error);
}

TEST(ChallengeObject, RefusesWhatItIsNot) {
    for (const char* json :
         {"", "[]", "{}", R"({"url":"u","status":"pending"})", R"({"type":"x","status":"pending"})",
          R"({"type":"x","url":"u","status":"ready"})",
          R"({"type":1,"url":"u","status":"pending"})",
          R"({"type":"x","url":"u","status":"pending","token":1})"}) {
        EXPECT_FALSE(ChallengeObject::from_json(bytes_of(json))) << json;
    }
}

TEST(ChallengeObject, IsPendingWithoutStatusAndNeedsNoMore) {
    for (const char* json : {R"({"type":"x","url":"u"})", R"({"type":"x","url":"u","status":null})",
                             R"({"type":"x","url":"u","validated":"","error":"no"})"}) {
        const auto challenge = ChallengeObject::from_json(bytes_of(json));
        ASSERT_TRUE(challenge) << json;
        EXPECT_EQ(challenge->status, ChallengeStatus::pending);
        EXPECT_FALSE(challenge->error);
    }
}

TEST(AuthorizationObject, IsReadAsWritten) {
    for (const char* json :
         {R"({"identifier":{"type":"dns","value":"www.example.org"},"status":"pending",)"
          R"("expires":"2026-12-02T00:00:00Z","challenges":[)"
          R"({"type":"http-01","url":"u1","status":"pending","token":"DGyRejmCefe7v4NfDGDKfA"},)"
          R"({"type":"dns-01","url":"u2","status":"pending","token":"DGyRejmCefe7v4NfDGDKfA"}]})",
          R"({"identifier":{"type":"dns","value":"example.org"},"status":"valid",)"
          R"("challenges":[],"wildcard":true})",
          R"({"identifier":{"type":"ip","value":"2001:db8::1"},"status":"expired",)"
          R"("challenges":[]})"}) {
        const auto authorization = AuthorizationObject::from_json(bytes_of(json));
        ASSERT_TRUE(authorization) << authorization.error().message;
        EXPECT_EQ(authorization->to_json(), json);
    }
}

TEST(AuthorizationObject, IsWrittenWithoutTheAsterisk) {
    const AuthorizationObject authorization{Identifier::dns("*.example.org").value(),
                                            AuthorizationStatus::revoked,
                                            std::nullopt,
                                            {},
                                            true};
    EXPECT_EQ(authorization.to_json(),
              R"({"identifier":{"type":"dns","value":"example.org"},"status":"revoked",)"
              R"("challenges":[],"wildcard":true})");
}

TEST(AuthorizationObject, RefusesWhatItIsNot) {
    const std::string good =
        R"({"identifier":{"type":"dns","value":"a.example"},"status":"pending","challenges":[]})";
    ASSERT_TRUE(AuthorizationObject::from_json(bytes_of(good)));
    const std::pair<const char*, const char*> changes[] = {
        {R"("identifier")", R"("x")"},          {R"("a.example")", R"("*.a.example")"},
        {R"("a.example")", R"("a_b.example")"}, {R"("dns")", R"("email")"},
        {R"("pending")", R"("ready")"},         {R"("status")", R"("x")"},
        {R"("challenges")", R"("x")"},          {"[]", "{}"},
    };
    for (const auto& [from, to] : changes) {
        std::string json = good;
        json.replace(json.find(from), std::string_view(from).size(), to);
        EXPECT_FALSE(AuthorizationObject::from_json(bytes_of(json))) << json;
    }
    std::string many = R"({"type":"x","url":"u","status":"pending"})";
    for (int i = 0; i < 64; ++i) many += R"(,{"type":"x","url":"u","status":"pending"})";
    std::string json = good;
    json.replace(json.find("[]"), 2, "[" + many + "]");
    EXPECT_FALSE(AuthorizationObject::from_json(bytes_of(json)));
}

TEST(AuthorizationObject, IsReadAsFarAsAClientNeedsIt) {
    const auto authorization = AuthorizationObject::from_json(bytes_of(
        R"({"identifier":{"type":"dns","value":"a.example"},"status":"pending","expires":"",)"
        R"("wildcard":"false","challenges":[1,{},{"type":"future-01"},)"
        R"({"type":"future-02","url":"u","status":"considering"},{"type":"http-01","url":"u"}]})"));
    ASSERT_TRUE(authorization) << authorization.error().message;
    ASSERT_EQ(authorization->challenges.size(), 1U);
    EXPECT_EQ(authorization->challenges.front().type, "http-01");
    EXPECT_FALSE(authorization->expires);
    EXPECT_FALSE(authorization->wildcard);
}

TEST(AuthorizationObject, MayBeForSubdomains) {  // RFC 9444 section 4.1
    const char* json = R"({"identifier":{"type":"dns","value":"example.org"},"status":"valid",)"
                       R"("challenges":[],"subdomainAuthAllowed":true})";
    const auto authorization = AuthorizationObject::from_json(bytes_of(json));
    ASSERT_TRUE(authorization);
    EXPECT_TRUE(authorization->subdomain_auth_allowed);
    EXPECT_EQ(authorization->to_json(), json);
}

TEST(NewAuthorizationRequest, NamesAnIdentifier) {
    for (const char* json :
         {R"({"identifier":{"type":"dns","value":"example.org"}})",
          R"({"identifier":{"type":"dns","value":"example.org","subdomainAuthAllowed":true}})",
          R"({"identifier":{"type":"ip","value":"192.0.2.1"}})"}) {
        const auto request = NewAuthorizationRequest::from_json(bytes_of(json));
        ASSERT_TRUE(request) << json << request.error().detail;
        EXPECT_EQ(request->to_json(), json);
    }
}

TEST(NewAuthorizationRequest, RefusesWhatItIsNot) {
    const std::pair<const char*, ProblemType> cases[] = {
        {"", ProblemType::malformed},
        {"{}", ProblemType::malformed},
        {R"({"identifier":"example.org"})", ProblemType::malformed},
        {R"({"identifier":{"type":"dns"}})", ProblemType::malformed},
        {R"({"identifier":{"type":"dns","value":"*.example.org"}})", ProblemType::malformed},
        {R"({"identifier":{"type":"dns","value":"a.b","subdomainAuthAllowed":1}})",
         ProblemType::malformed},
        {R"({"identifier":{"type":"ip","value":"192.0.2.1","subdomainAuthAllowed":true}})",
         ProblemType::malformed},
        {R"({"identifier":{"type":"email","value":"a@example.org"}})",
         ProblemType::unsupported_identifier},
        {R"({"identifier":{"type":"dns","value":"a_b.example.org"}})",
         ProblemType::rejected_identifier},
    };
    for (const auto& [json, type] : cases) {
        const auto request = NewAuthorizationRequest::from_json(bytes_of(json));
        ASSERT_FALSE(request) << json;
        EXPECT_EQ(request.error().type, type) << json;
    }
}

TEST(AuthorizationUpdate, IsADeactivation) {
    EXPECT_TRUE(parse_authorization_update(bytes_of(R"({"status":"deactivated"})")));
    EXPECT_TRUE(parse_authorization_update(bytes_of(R"({"x":1,"status":"deactivated"})")));
    for (const char* json : {"", "[]", "{}", R"({"status":"valid"})", R"({"status":"revoked"})",
                             R"({"status":null})", R"({"status":["deactivated"]})"}) {
        const auto update = parse_authorization_update(bytes_of(json));
        ASSERT_FALSE(update) << json;
        EXPECT_EQ(update.error().type, ProblemType::malformed);
    }
}

TEST(ChallengeResponse, IsAnyObject) {
    EXPECT_TRUE(parse_challenge_response(bytes_of("{}")));
    EXPECT_TRUE(parse_challenge_response(bytes_of(R"({"keyAuthorization":1})")));
    for (const char* json : {"", "[]", "null", "{", R"({"a":1,"a":1})"}) {
        const auto response = parse_challenge_response(bytes_of(json));
        ASSERT_FALSE(response) << json;
        EXPECT_EQ(response.error().type, ProblemType::malformed);
    }
}

}  // namespace
}  // namespace cairn::protocol::authorization_test
