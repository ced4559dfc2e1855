#include "protocol/account.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::protocol::account_test {
namespace {

using base::bytes_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* jwk_text =
    R"({"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";

TEST(AccountObject, IsReadAsWritten) {
    // The example of RFC 8555 section 7.1.2.
    const auto account = AccountObject::from_json(
        bytes_of(R"({"status":"valid","contact":["mailto:cert-admin@example.org",)"
                 R"("mailto:admin@example.org"],"termsOfServiceAgreed":true,)"
                 R"("orders":"https://example.com/acme/orders/rzGoeA","createdAt":"now"})"));
    ASSERT_TRUE(account) << account.error().message;
    EXPECT_EQ(account->status, AccountStatus::valid);
    EXPECT_THAT(account->contact,
                ElementsAre("mailto:cert-admin@example.org", "mailto:admin@example.org"));
    EXPECT_TRUE(account->terms_of_service_agreed);
    EXPECT_EQ(account->orders, "https://example.com/acme/orders/rzGoeA");
    EXPECT_EQ(account->external_account_binding, "");
    EXPECT_EQ(account->to_json(), R"({"status":"valid","contact":["mailto:cert-admin@example.org",)"
                                  R"("mailto:admin@example.org"],"termsOfServiceAgreed":true,)"
                                  R"("orders":"https://example.com/acme/orders/rzGoeA"})");
}

TEST(AccountObject, KeepsItsBinding) {
    const std::string json =
        R"({"status":"deactivated","externalAccountBinding":{"protected":"e30","payload":"",)"
        R"("signature":"AA"},"orders":"o"})";
    const auto account = AccountObject::from_json(bytes_of(json));
    ASSERT_TRUE(account) << account.error().message;
    EXPECT_EQ(account->external_account_binding,
              R"({"protected":"e30","payload":"","signature":"AA"})");
    EXPECT_EQ(account->to_json(), json);
}

TEST(AccountObject, RefusesWhatItIsNot) {
    for (const char* json :
         {"", "[]", "{}", R"({"status":"pending"})", R"({"status":1})",
          R"({"status":"valid","contact":"mailto:a@b.example"})",
          R"({"status":"valid","contact":[1]})", R"({"status":"valid","orders":[]})",
          R"({"status":"valid","termsOfServiceAgreed":"true"})",
          R"({"status":"valid","externalAccountBinding":"x"})"}) {
        EXPECT_FALSE(AccountObject::from_json(bytes_of(json))) << json;
    }
}

TEST(NewAccountRequest, IsReadAsWritten) {
    const std::string json =
        R"({"contact":["mailto:cert-admin@example.org"],"termsOfServiceAgreed":true,)"
        R"("onlyReturnExisting":true,"externalAccountBinding":{"protected":"e30"}})";
    const auto request = NewAccountRequest::from_json(bytes_of(json));
    ASSERT_TRUE(request) << request.error().detail;
    EXPECT_THAT(request->contact, ElementsAre("mailto:cert-admin@example.org"));
    EXPECT_TRUE(request->terms_of_service_agreed);
    EXPECT_TRUE(request->only_return_existing);
    EXPECT_EQ(request->external_account_binding, R"({"protected":"e30"})");
    EXPECT_EQ(request->to_json(), json);

    const auto empty = NewAccountRequest::from_json(bytes_of(R"({"contact":null,"new":1})"));
    ASSERT_TRUE(empty) << empty.error().detail;
    EXPECT_THAT(empty->contact, IsEmpty());
    EXPECT_FALSE(empty->terms_of_service_agreed);
    EXPECT_FALSE(empty->only_return_existing);
    EXPECT_EQ(empty->external_account_binding, "");
    EXPECT_EQ(empty->to_json(), "{}");
}

std::string contacts(std::size_t count) {
    std::string json = R"({"contact":[)";
    for (std::size_t i = 0; i < count; ++i) {
        if (i != 0) json += ',';
        json += "\"mailto:a" + std::to_string(i) + "@example.org\"";
    }
    return json + "]}";
}

struct Refusal {
    std::string json;
    ProblemType type;
};
std::vector<Refusal> contact_refusals() {
    return {
        {"", ProblemType::malformed},
        {"[]", ProblemType::malformed},
        {R"({"contact":"mailto:a@b.example"})", ProblemType::malformed},
        {R"({"contact":[1]})", ProblemType::malformed},
        {R"({"contact":["mailto:a@b.example",null]})", ProblemType::malformed},
        {R"({"contact":["tel:+1"]})", ProblemType::unsupported_contact},
        {R"({"contact":["mailto:a@b.example","mailto:a@b.example?cc=x"]})",
         ProblemType::invalid_contact},
        {contacts(11), ProblemType::invalid_contact},
        {contacts(10'000), ProblemType::invalid_contact},
    };
}

TEST(NewAccountRequest, NamesTheProblem) {
    EXPECT_TRUE(NewAccountRequest::from_json(bytes_of(contacts(10))));
    std::vector<Refusal> refusals = contact_refusals();
    for (const char* json :
         {R"({"termsOfServiceAgreed":"true"})", R"({"termsOfServiceAgreed":1})",
          R"({"onlyReturnExisting":"true"})", R"({"externalAccountBinding":"x"})",
          R"({"externalAccountBinding":[]})"}) {
        refusals.push_back({json, ProblemType::malformed});
    }
    for (const auto& [json, type] : refusals) {
        const auto request = NewAccountRequest::from_json(bytes_of(json));
        ASSERT_FALSE(request) << json;
        EXPECT_EQ(request.error().type, type) << json;
    }
}

TEST(AccountUpdate, IsReadAsWritten) {
    const auto nothing = AccountUpdate::from_json(bytes_of("{}"));
    ASSERT_TRUE(nothing);
    EXPECT_EQ(nothing->contact, std::nullopt);
    EXPECT_FALSE(nothing->deactivate);
    EXPECT_EQ(nothing->to_json(), "{}");

    for (const char* json : {R"({"contact":[]})", R"({"contact":["mailto:a@b.example"]})",
                             R"({"status":"deactivated"})", R"({"termsOfServiceAgreed":true})",
                             R"({"contact":["mailto:a@b.example"],"status":"deactivated"})"}) {
        const auto update = AccountUpdate::from_json(bytes_of(json));
        ASSERT_TRUE(update) << json << update.error().detail;
        EXPECT_EQ(update->to_json(), json);
    }
}

// RFC 8555 section 7.3.2.
TEST(AccountUpdate, IgnoresWhatOnlyTheServerSets) {
    const auto update = AccountUpdate::from_json(
        bytes_of(R"({"orders":7,"termsOfServiceAgreed":false,"externalAccountBinding":"x"})"));
    ASSERT_TRUE(update) << update.error().detail;
    EXPECT_EQ(update->to_json(), "{}");

    // Also a whole account as the server sent it, and members that other servers have.
    const auto given = AccountUpdate::from_json(bytes_of(
        R"({"status":"valid","contact":["mailto:a@b.example"],"orders":"https://ca.example/1",)"
        R"("key":{"kty":"oct"},"id":7,"createdAt":"now","initialIp":null,"agreement":true})"));
    ASSERT_TRUE(given) << given.error().detail;
    EXPECT_EQ(given->to_json(), R"({"contact":["mailto:a@b.example"]})");
    for (const char* status : {"valid", "revoked", "Deactivated", "deactivated ", "", "paused"}) {
        const auto other =
            AccountUpdate::from_json(bytes_of(R"({"status":")" + std::string(status) + "\"}"));
        ASSERT_TRUE(other) << other.error().detail;
        EXPECT_FALSE(other->deactivate) << status;
    }
}

TEST(AccountUpdate, NamesTheProblem) {
    std::vector<Refusal> refusals = contact_refusals();
    for (const char* json :
         {R"({"status":true})", R"({"status":["deactivated"]})",
          R"({"termsOfServiceAgreed":"yes"})", R"({"status":"valid","contact":["tel:+1", 2]})"}) {
        refusals.push_back({json, ProblemType::malformed});
    }
    for (const auto& [json, type] : refusals) {
        const auto update = AccountUpdate::from_json(bytes_of(json));
        ASSERT_FALSE(update) << json;
        EXPECT_EQ(update.error().type, type) << json;
    }
}

TEST(KeyChangeRequest, IsReadAsWritten) {
    const std::string json =
        R"({"account":"https://example.com/acme/acct/1","oldKey":)" + std::string(jwk_text) + "}";
    const auto request = KeyChangeRequest::from_json(bytes_of(json));
    ASSERT_TRUE(request) << request.error().detail;
    EXPECT_EQ(request->account, "https://example.com/acme/acct/1");
    EXPECT_EQ(request->old_key.to_json(), jwk_text);
    EXPECT_EQ(request->to_json(), json);
}

TEST(KeyChangeRequest, NamesTheProblem) {
    const Refusal refusals[] = {
        {"", ProblemType::malformed},
        {"{}", ProblemType::malformed},
        {R"({"account":"a"})", ProblemType::malformed},
        {R"({"account":"a","oldKey":"x"})", ProblemType::malformed},
        {R"({"account":1,"oldKey":)" + std::string(jwk_text) + "}", ProblemType::malformed},
        {R"({"oldKey":)" + std::string(jwk_text) + "}", ProblemType::malformed},
        {R"({"account":"a","oldKey":{}})", ProblemType::malformed},
        {R"({"account":"a","oldKey":{"kty":"oct"}})", ProblemType::bad_public_key},
    };
    for (const auto& [json, type] : refusals) {
        const auto request = KeyChangeRequest::from_json(bytes_of(json));
        ASSERT_FALSE(request) << json;
        EXPECT_EQ(request.error().type, type) << json;
    }
}

TEST(OrdersList, IsReadAsWritten) {
    for (const char* json : {R"({"orders":[]})", R"({"orders":["https://a/1","https://a/2"]})"}) {
        const auto list = OrdersList::from_json(bytes_of(json));
        ASSERT_TRUE(list) << list.error().message;
        EXPECT_EQ(list->to_json(), json);
    }
    EXPECT_FALSE(OrdersList::from_json(bytes_of(R"({"orders":"x"})")));
    EXPECT_FALSE(OrdersList::from_json(bytes_of(R"({"orders":[1]})")));
    EXPECT_FALSE(OrdersList::from_json(bytes_of("[]")));
}

}  // namespace
}  // namespace cairn::protocol::account_test
