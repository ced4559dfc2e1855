#include "protocol/problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::protocol::problem_test {
namespace {

using base::bytes_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ProblemType, HasRegisteredNamesAndUsualStatuses) {
    const struct {
        ProblemType type;
        const char* name;
        int status;
    } cases[] = {
        {ProblemType::account_does_not_exist, "accountDoesNotExist", 400},
        {ProblemType::already_replaced, "alreadyReplaced", 409},
        {ProblemType::already_revoked, "alreadyRevoked", 400},
        {ProblemType::bad_csr, "badCSR", 400},
        {ProblemType::bad_nonce, "badNonce", 400},
        {ProblemType::bad_public_key, "badPublicKey", 400},
        {ProblemType::bad_revocation_reason, "badRevocationReason", 400},
        {ProblemType::bad_signature_algorithm, "badSignatureAlgorithm", 400},
        {ProblemType::caa, "caa", 403},
        {ProblemType::compound, "compound", 400},
        {ProblemType::connection, "connection", 400},
        {ProblemType::dns, "dns", 400},
        {ProblemType::external_account_required, "externalAccountRequired", 403},
        {ProblemType::incorrect_response, "incorrectResponse", 403},
        {ProblemType::invalid_contact, "invalidContact", 400},
        {ProblemType::invalid_profile, "invalidProfile", 400},
        {ProblemType::malformed, "malformed", 400},
        {ProblemType::order_not_ready, "orderNotReady", 403},
        {ProblemType::rate_limited, "rateLimited", 429},
        {ProblemType::rejected_identifier, "rejectedIdentifier", 400},
        {ProblemType::server_internal, "serverInternal", 500},
        {ProblemType::tls, "tls", 400},
        {ProblemType::unauthorized, "unauthorized", 403},
        {ProblemType::unsupported_contact, "unsupportedContact", 400},
        {ProblemType::unsupported_identifier, "unsupportedIdentifier", 400},
        {ProblemType::user_action_required, "userActionRequired", 403},
    };
    for (const auto& [type, name, status] : cases) {
        EXPECT_EQ(to_string(type), name);
        EXPECT_EQ(default_status(type), status) << name;
        const auto read = Problem::from_json(bytes_of(Problem(type, "why").to_json()));
        ASSERT_TRUE(read);
        EXPECT_EQ(read->type, type);
        EXPECT_EQ(read->status, status);
        EXPECT_EQ(read->type_uri, "");
    }
}

TEST(Problem, IsWrittenWithTheMembersThatItHas) {
    EXPECT_EQ(Problem(ProblemType::malformed, "no csr").to_json(),
              R"({"type":"urn:ietf:params:acme:error:malformed","detail":"no csr","status":400})");

    // The shape of the example in RFC 8555 section 6.7.1.
    Problem problem(ProblemType::compound, "two", 403);
    problem.subproblems = {
        {ProblemType::malformed, "bad \"name\"", std::pair{"dns", "_example.org"}},
        {ProblemType::caa, "no", std::nullopt}};
    problem.algorithms = {"ES256"};
    problem.instance = "https://example.com/terms";
    problem.location = "https://example.com/account";
    EXPECT_EQ(problem.to_json(),
              R"({"type":"urn:ietf:params:acme:error:compound","detail":"two","status":403,)"
              R"("subproblems":[{"type":"urn:ietf:params:acme:error:malformed",)"
              R"("detail":"bad \"name\"","identifier":{"type":"dns","value":"_example.org"}},)"
              R"({"type":"urn:ietf:params:acme:error:caa","detail":"no"}],)"
              R"("algorithms":["ES256"],"instance":"https://example.com/terms"})");
}

TEST(Problem, IsReadAsWritten) {
    Problem problem(ProblemType::rejected_identifier, "two", 422);
    problem.subproblems = {{ProblemType::rejected_identifier, "a", std::pair{"dns", "a_b"}},
                           {ProblemType::dns, "b", std::nullopt}};
    problem.algorithms = {"ES256", "RS256"};
    problem.instance = "https://example.com/terms";
    const auto read = Problem::from_json(bytes_of(problem.to_json()));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->to_json(), problem.to_json());
    EXPECT_STREQ(read->what(), "two");
    ASSERT_EQ(read->subproblems.size(), 2U);
    EXPECT_EQ(read->subproblems[0].identifier, (std::pair<std::string, std::string>("dns", "a_b")));
    EXPECT_THAT(read->algorithms, ElementsAre("ES256", "RS256"));
}

TEST(Problem, OfAnUnknownTypeKeepsItsUri) {
    for (const char* uri :
         {"https://example.com/out-of-credit", "urn:ietf:params:acme:error:autoRenewalCanceled",
          "urn:ietf:params:acme:error:unknown", "urn:ietf:params:acme:error:Malformed",
          "malformed"}) {
        const auto read =
            Problem::from_json(bytes_of("{\"type\":\"" + std::string(uri) + "\",\"status\":402}"));
        ASSERT_TRUE(read);
        EXPECT_EQ(read->type, ProblemType::unknown);
        EXPECT_EQ(read->type_uri, uri);
        EXPECT_EQ(read->status, 402);
        EXPECT_EQ(Problem::from_json(bytes_of(read->to_json()))->type_uri, uri);
    }
}

// RFC 9457 section 3.1: a member of the wrong type is ignored; section 4.2.1: about:blank.
TEST(Problem, IsReadFromPoorDocuments) {
    const auto empty = Problem::from_json(bytes_of("{}"));
    ASSERT_TRUE(empty);
    EXPECT_EQ(empty->type, ProblemType::unknown);
    EXPECT_EQ(empty->type_uri, "about:blank");
    EXPECT_EQ(empty->status, 500);

    const auto odd = Problem::from_json(
        bytes_of(R"({"type":7,"detail":[],"status":"400","subproblems":[1,{},{"identifier":"x"}],)"
                 R"("algorithms":["ES256",1],"instance":{}})"));
    ASSERT_TRUE(odd);
    EXPECT_EQ(odd->type_uri, "about:blank");
    EXPECT_EQ(odd->detail, "");
    EXPECT_EQ(odd->subproblems.size(), 2U);
    EXPECT_EQ(odd->subproblems[1].identifier, std::nullopt);
    EXPECT_THAT(odd->algorithms, IsEmpty());

    for (const char* status : {"99", "600", "-1", "4294967696"}) {
        const auto read = Problem::from_json(bytes_of("{\"status\":" + std::string(status) + "}"));
        ASSERT_TRUE(read);
        EXPECT_EQ(read->status, 500);
    }
    EXPECT_FALSE(Problem::from_json(bytes_of("<html>")));
}

TEST(Problem, IsBoundedAndFitForTerminals) {
    std::string subproblems = "{}";
    for (int i = 0; i < 2000; ++i) subproblems += ",{}";
    const auto read = Problem::from_json(
        bytes_of("{\"detail\":\"\\u001b[2J" + std::string(5000, 'x') +
                 "\",\"type\":\"\\u0007\",\"subproblems\":[" + subproblems + "]}"));
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->detail.starts_with("?[2Jx"));
    EXPECT_LE(read->detail.size(), 1100U);
    EXPECT_EQ(read->type_uri, "?");
    EXPECT_EQ(read->subproblems.size(), 1000U);
}

TEST(Problem, CanBeThrown) {
    try {
        throw Problem(ProblemType::rate_limited, "slow down");
    } catch (const std::exception& exception) {
        EXPECT_STREQ(exception.what(), "slow down");
    }
}

}  // namespace
}  // namespace cairn::protocol::problem_test
