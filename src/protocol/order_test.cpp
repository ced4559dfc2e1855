#include "protocol/order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::protocol::order_test {
namespace {

using base::bytes_of;
using ::testing::ElementsAre;

TEST(OrderObject, IsReadAsWritten) {
    const std::string json =
        R"({"status":"invalid","expires":"2026-12-01T14:09:07Z",)"
        R"("identifiers":[{"type":"dns","value":"*.example.org"},{"type":"ip","value":"192.0.2.1"}],)"
        R"("notBefore":"2026-11-01T00:00:00Z","notAfter":"2026-11-08T00:00:00Z",)"
        R"("error":{"type":"urn:ietf:params:acme:error:caa","detail":"no","status":403},)"
        R"("authorizations":["https://example.com/acme/authz/1","https://example.com/acme/authz/2"],)"
        R"("finalize":"https://example.com/acme/order/1/finalize",)"
        R"("certificate":"https://example.com/acme/cert/1","profile":"short","replaces":"a.b"})";
    const auto order = OrderObject::from_json(bytes_of(json));
    ASSERT_TRUE(order) << order.error().message;
    EXPECT_EQ(order->status, OrderStatus::invalid);
    EXPECT_EQ(order->expires, base::from_rfc3339("2026-12-01T14:09:07Z").value());
    EXPECT_THAT(order->identifiers, ElementsAre(Identifier::dns("*.example.org").value(),
                                                Identifier::ip("192.0.2.1").value()));
    EXPECT_EQ(order->not_before, base::from_rfc3339("2026-11-01T00:00:00Z").value());
    EXPECT_EQ(order->not_after, base::from_rfc3339("2026-11-08T00:00:00Z").value());
    ASSERT_TRUE(order->error);
    EXPECT_EQ(order->error->type, ProblemType::caa);
    EXPECT_EQ(order->authorizations.size(), 2U);
    EXPECT_EQ(order->finalize, "https://example.com/acme/order/1/finalize");
    EXPECT_EQ(order->certificate, "https://example.com/acme/cert/1");
    EXPECT_EQ(order->profile, "short");
    EXPECT_EQ(order->replaces, "a.b");
    EXPECT_EQ(order->to_json(), json);
}

TEST(OrderObject, IsReadWithTheLeastMembers) {
    const auto order = OrderObject::from_json(
        bytes_of(R"({"status":"pending","identifiers":[],"authorizations":[],"finalize":"f",)"
                 R"("error":null,"expires":null,"certificate":null,"new":1})"));
    ASSERT_TRUE(order) << order.error().message;
    EXPECT_EQ(order->to_json(),
              R"({"status":"pending","identifiers":[],"authorizations":[],"finalize":"f"})");
}

TEST(OrderObject, RefusesWhatItIsNot) {
    const std::string good =
        R"({"status":"ready","identifiers":[{"type":"dns","value":"a.example"}],)"
        R"("authorizations":["u"],"finalize":"f"})";
    ASSERT_TRUE(OrderObject::from_json(bytes_of(good)));
    const std::pair<const char*, const char*> changes[] = {
        {R"("ready")", R"("canceled")"},
        {R"("ready")", "1"},
        {R"("status")", R"("x")"},
        {R"("f")", "{}"},
        {R"(["u"])", R"("u")"},
        {R"(["u"])", "[1]"},
        {R"("finalize")", R"("certificate":1,"finalize")"},
    };
    for (const auto& [from, to] : changes) {
        std::string json = good;
        json.replace(json.find(from), std::string_view(from).size(), to);
        EXPECT_FALSE(OrderObject::from_json(bytes_of(json))) << json;
    }
}

TEST(OrderObject, IsReadAsFarAsAClientNeedsIt) {
    const std::string good = R"({"status":"valid","authorizations":["u"],"certificate":"c"})";
    for (const char* more :
         {R"("identifers":[])", R"("identifiers":7)", R"("identifiers":[{"type":"email"},1])",
          R"("expires":"")", R"("expires":"0001-01-01T00:00:00Z","notAfter":"soon","notBefore":0)",
          R"("error":"none","profile":7,"replaces":[])", R"("finalize":null)"}) {
        const auto order =
            OrderObject::from_json(bytes_of(good.substr(0, good.size() - 1) + "," + more + "}"));
        ASSERT_TRUE(order) << more << order.error().message;
        EXPECT_EQ(order->certificate, "c");
        EXPECT_FALSE(order->expires);
        EXPECT_FALSE(order->error);
        EXPECT_TRUE(order->identifiers.empty());
    }
}

std::string order_for(std::string_view identifiers) {
    return "{\"identifiers\":[" + std::string(identifiers) + "]}";
}

TEST(NewOrderRequest, IsReadAsWritten) {
    const std::string json =
        R"({"identifiers":[{"type":"dns","value":"*.example.org"},{"type":"ip","value":"::1"}],)"
        R"("notBefore":"2026-11-01T00:00:00Z","notAfter":"2026-11-01T00:00:00Z",)"
        R"("profile":"short","replaces":"aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"})";
    const auto request = NewOrderRequest::from_json(bytes_of(json));
    ASSERT_TRUE(request) << request.error().detail;
    EXPECT_THAT(request->identifiers, ElementsAre(Identifier::dns("*.example.org").value(),
                                                  Identifier::ip("::1").value()));
    EXPECT_EQ(request->not_before, base::from_rfc3339("2026-11-01T00:00:00Z").value());
    EXPECT_EQ(request->not_after, request->not_before);
    EXPECT_EQ(request->profile, "short");
    EXPECT_EQ(request->replaces, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
    EXPECT_EQ(request->to_json(), json);
}

// A PHP client sends them like this if they are not set.
TEST(NewOrderRequest, TakesEmptyTimesForAbsentOnes) {
    const auto request = NewOrderRequest::from_json(
        bytes_of(R"({"identifiers":[{"type":"dns","value":"a.example"}],"notBefore":"",)"
                 R"("notAfter":"","profile":"","replaces":""})"));
    ASSERT_TRUE(request) << request.error().detail;
    EXPECT_EQ(request->not_before, std::nullopt);
    EXPECT_EQ(request->not_after, std::nullopt);
    EXPECT_EQ(request->to_json(), order_for(R"({"type":"dns","value":"a.example"})"));
}

TEST(NewOrderRequest, DropsDuplicatesAndKeepsTheOrder) {
    const auto request = NewOrderRequest::from_json(bytes_of(
        order_for(R"({"type":"dns","value":"B.example"},{"type":"dns","value":"a.example"},)"
                  R"({"type":"dns","value":"b.EXAMPLE"},{"type":"dns","value":"*.a.example"},)"
                  R"({"type":"dns","value":"a.example"})")));
    ASSERT_TRUE(request) << request.error().detail;
    EXPECT_THAT(request->identifiers, ElementsAre(Identifier::dns("b.example").value(),
                                                  Identifier::dns("a.example").value(),
                                                  Identifier::dns("*.a.example").value()));
}

TEST(NewOrderRequest, TakesAThousandIdentifiers) {
    std::string identifiers;
    for (int i = 0; i < 1000; ++i) {
        if (i != 0) identifiers += ',';
        identifiers += R"({"type":"dns","value":"a)" + std::to_string(i) + ".example\"}";
    }
    EXPECT_EQ(NewOrderRequest::from_json(bytes_of(order_for(identifiers)))->identifiers.size(),
              1000U);
    const auto request = NewOrderRequest::from_json(
        bytes_of(order_for(identifiers + R"(,{"type":"dns","value":"a1.example"})")));
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().type, ProblemType::malformed);
}

TEST(NewOrderRequest, RefusesBrokenOnesAsMalformed) {
    const std::string cases[] = {
        "",
        "[]",
        "{}",
        R"({"identifiers":null})",
        R"({"identifiers":[]})",
        R"({"identifiers":{}})",
        R"({"Identifiers":[{"type":"dns","value":"a.example"}]})",
        order_for("1"),
        order_for(R"({"type":"dns"})"),
        order_for(R"({"value":"a.example"})"),
        order_for(R"({"type":"dns","value":["a.example"]})"),
        order_for(R"({"type":"dns","value":"a_b.example"},7)"),
        R"({"notBefore":"tomorrow","identifiers":[{"type":"dns","value":"a.example"}]})",
        R"({"notAfter":1793836800,"identifiers":[{"type":"dns","value":"a.example"}]})",
        R"({"notBefore":"2026-11-02T00:00:00Z","notAfter":"2026-11-01T00:00:00Z",)"
        R"("identifiers":[{"type":"dns","value":"a.example"}]})",
        R"({"profile":1,"identifiers":[{"type":"dns","value":"a.example"}]})",
        R"({"replaces":{},"identifiers":[{"type":"dns","value":"a.example"}]})",
    };
    for (const std::string& json : cases) {
        const auto request = NewOrderRequest::from_json(bytes_of(json));
        ASSERT_FALSE(request) << json;
        EXPECT_EQ(request.error().type, ProblemType::malformed) << json;
        EXPECT_TRUE(request.error().subproblems.empty()) << json;
    }
}

TEST(NewOrderRequest, OneBadIdentifierGivesItsType) {
    const struct {
        const char* identifier;
        ProblemType type;
    } cases[] = {
        {R"({"type":"email","value":"a@b.example"})", ProblemType::unsupported_identifier},
        {R"({"type":"dns","value":"a_b.example"})", ProblemType::rejected_identifier},
        {R"({"type":"dns","value":"*.*.example"})", ProblemType::rejected_identifier},
        {R"({"type":"dns","value":"192.0.2.1"})", ProblemType::rejected_identifier},
        {R"({"type":"ip","value":"192.0.2.01"})", ProblemType::rejected_identifier},
    };
    for (const auto& [identifier, type] : cases) {
        const auto request = NewOrderRequest::from_json(bytes_of(
            order_for(R"({"type":"dns","value":"good.example"},)" + std::string(identifier))));
        ASSERT_FALSE(request) << identifier;
        EXPECT_EQ(request.error().type, type) << identifier;
        ASSERT_EQ(request.error().subproblems.size(), 1U) << identifier;
        EXPECT_EQ(request.error().subproblems[0].type, type) << identifier;
        EXPECT_EQ(request.error().subproblems[0].detail, request.error().detail);
    }
}

// RFC 8555 section 6.7.1.
TEST(NewOrderRequest, SeveralBadIdentifiersGiveASubproblemEach) {
    const auto alike = NewOrderRequest::from_json(bytes_of(
        order_for(R"({"type":"dns","value":"a_b.example"},{"type":"dns","value":"-.example"})")));
    ASSERT_FALSE(alike);
    EXPECT_EQ(alike.error().type, ProblemType::rejected_identifier);
    EXPECT_EQ(alike.error().subproblems.size(), 2U);

    const auto mixed = NewOrderRequest::from_json(bytes_of(
        order_for(R"({"type":"dns","value":"a_b.example"},{"type":"dns","value":"good.example"},)"
                  R"({"type":"email","value":"a@b.example"})")));
    ASSERT_FALSE(mixed);
    EXPECT_EQ(mixed.error().type, ProblemType::compound);
    ASSERT_EQ(mixed.error().subproblems.size(), 2U);
    EXPECT_EQ(mixed.error().subproblems[0].type, ProblemType::rejected_identifier);
    EXPECT_EQ(mixed.error().subproblems[0].identifier,
              (std::pair<std::string, std::string>("dns", "a_b.example")));
    EXPECT_EQ(mixed.error().subproblems[1].type, ProblemType::unsupported_identifier);
    EXPECT_EQ(mixed.error().subproblems[1].identifier,
              (std::pair<std::string, std::string>("email", "a@b.example")));
}

TEST(NewOrderRequest, MayNameAnAncestorToProve) {  // RFC 9444 section 4.3
    const std::string json =
        R"({"identifiers":[{"type":"dns","value":"a.b.example.org","ancestorDomain":"example.org"},)"
        R"({"type":"dns","value":"*.example.org","ancestorDomain":"example.org"},)"
        R"({"type":"dns","value":"example.net"}]})";
    const auto request = NewOrderRequest::from_json(bytes_of(json));
    ASSERT_TRUE(request) << request.error().detail;
    EXPECT_EQ(request->identifiers.size(), 3U);
    const auto ancestor = DnsName::from_text("example.org").value();
    EXPECT_THAT(request->ancestors,
                ::testing::UnorderedElementsAre(
                    ::testing::Pair(Identifier::dns("*.example.org").value(), ancestor),
                    ::testing::Pair(Identifier::dns("a.b.example.org").value(), ancestor)));
    EXPECT_EQ(request->to_json(), json);
}

// Check 82.
TEST(NewOrderRequest, RefusesAnAncestorThatIsNone) {
    for (const char* identifier :
         {R"("dns","value":"a.example.org","ancestorDomain":"example.com")",
          R"("dns","value":"a.example.org","ancestorDomain":"a.example.org")",
          R"("dns","value":"example.org","ancestorDomain":"a.example.org")",
          R"("dns","value":"badexample.org","ancestorDomain":"example.org")",
          R"("dns","value":"a.example.org","ancestorDomain":"*.example.org")",
          R"("dns","value":"a.example.org","ancestorDomain":"")",
          R"("dns","value":"a.example.org","ancestorDomain":1)",
          R"("ip","value":"192.0.2.1","ancestorDomain":"2.1")",
          R"("ip","value":"192.0.2.1","ancestorDomain":"example.org")"}) {
        const auto request = NewOrderRequest::from_json(
            bytes_of(R"({"identifiers":[{"type":)" + std::string(identifier) + "}]}"));
        ASSERT_FALSE(request) << identifier;
        EXPECT_EQ(request.error().type, ProblemType::malformed) << identifier;
    }
}

TEST(FinalizeRequest, IsReadAsWritten) {
    const auto request = FinalizeRequest::from_json(bytes_of(R"({"csr":"MAA","more":1})"));
    ASSERT_TRUE(request) << request.error().detail;
    EXPECT_EQ(request->csr, (base::Bytes{0x30, 0x00}));
    EXPECT_EQ(request->to_json(), R"({"csr":"MAA"})");
}

TEST(FinalizeRequest, NamesTheProblem) {
    const struct {
        std::string json;
        ProblemType type;
    } cases[] = {
        {"", ProblemType::malformed},
        {"{}", ProblemType::malformed},
        {R"({"CSR":"MAA"})", ProblemType::malformed},
        {R"({"csr":null})", ProblemType::malformed},
        {R"({"csr":["MAA"]})", ProblemType::malformed},
        {R"({"csr":"MAA="})", ProblemType::bad_csr},
        {R"({"csr":"-----BEGIN CERTIFICATE REQUEST-----"})", ProblemType::bad_csr},
        {R"({"csr":")" + std::string(32 * 1024 / 3 * 4 + 4, 'A') + "\"}", ProblemType::bad_csr},
    };
    for (const auto& [json, type] : cases) {
        const auto request = FinalizeRequest::from_json(bytes_of(json));
        ASSERT_FALSE(request) << json.substr(0, 100);
        EXPECT_EQ(request.error().type, type) << json.substr(0, 100);
    }
}

}  // namespace
}  // namespace cairn::protocol::order_test
