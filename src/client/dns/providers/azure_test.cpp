#include "client/testing/provider_fixture.h"

namespace cairn::client::azure_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::response;

/// As https://learn.microsoft.com/rest/api/dns/ has it.
class AzureTest : public testing::ProviderTest {
  protected:
    AzureTest() {
        answer_ = [this](const http::Request& request) {
            if (request.path() == "/t-1/oauth2/v2.0/token") {
                EXPECT_EQ(request.body,
                          "grant_type=client_credentials&client_id=c-1&client_secret=the%20secret&"
                          "scope=" +
                              scope_);
                return response(200, R"({"token_type":"Bearer","expires_in":3599,)"
                                     R"("access_token":"granted-token"})");
            }
            EXPECT_EQ(request.field("Authorization"), "Bearer granted-token");
            if (request.method == "GET")
                return set_.empty() ? response(404, R"({"code":"NotFound"})") : response(200, set_);
            if (refusals_ > 0) {
                --refusals_;
                set_ = R"({"etag":"e-2","properties":{"TTL":60,"TXTRecords":[{"value":["new"]}]}})";
                return response(412, R"({"code":"PreconditionFailed"})");
            }
            return response(request.method == "DELETE" ? 200 : 201, "{}");
        };
    }
    std::unique_ptr<DnsProvider> azure() {
        return provider("azure", {{"tenant_id", "t-1"},
                                  {"client_id", "c-1"},
                                  {"client_secret", "the secret"},
                                  {"subscription_id", "s-1"},
                                  {"resource_group", "g-1"},
                                  {"login_url", server_.url("")}});
    }
    std::string set_;
    std::string scope_ = "https%3A%2F%2F127.0.0.1%3A" +
                         server_.url("").substr(server_.url("").rfind(':') + 1) + "%2F.default";
    int refusals_ = 0;
};

constexpr const char* path =
    "/subscriptions/s-1/resourceGroups/g-1/providers/Microsoft.Network/dnsZones/example.com/TXT/"
    "_acme-challenge.www?api-version=2018-05-01";

TEST_F(AzureTest, MakesTheSetIfThereIsNone) {
    azure()->set(record_);
    EXPECT_THAT(asked(), ElementsAre("POST /t-1/oauth2/v2.0/token", std::string("GET ") + path,
                                     std::string("PUT ") + path));
    const auto request = server_.requests().back();
    EXPECT_EQ(request.field("If-None-Match"), "*");
    EXPECT_EQ(request.body, R"({"properties":{"TTL":60,"TXTRecords":[{"value":["the-value"]}]}})");
    EXPECT_THAT(trace_.text(), Not(HasSubstr("granted-token")));
    EXPECT_THAT(trace_.text(), Not(HasSubstr("the secret")));
    EXPECT_THAT(trace_.text(), Not(HasSubstr("the%20secret")));
}

TEST_F(AzureTest, WritesWhatItHasReadAndNothingElse) {
    set_ = R"({"etag":"e-1","properties":{"TTL":60,"TXTRecords":)"
           R"([{"value":["oth","er"]},{"value":["the-value"]}]}})";
    const auto provider = azure();
    provider->remove(record_);
    EXPECT_EQ(server_.requests().back().field("If-Match"), "e-1");
    EXPECT_EQ(server_.requests().back().body,
              R"({"properties":{"TTL":60,"TXTRecords":[{"value":["other"]}]}})");
    set_ = R"({"etag":"e-3","properties":{"TXTRecords":[{"value":["the-value"]}]}})";
    provider->remove(record_);
    EXPECT_EQ(server_.requests().back().method, "DELETE");
    EXPECT_EQ(server_.requests().back().field("If-Match"), "e-3");
}

TEST_F(AzureTest, ReadsAgainWhenSomebodyElseWasFaster) {
    refusals_ = 1;
    azure()->set(record_);
    EXPECT_EQ(server_.requests().back().field("If-Match"), "e-2");
    EXPECT_EQ(
        server_.requests().back().body,
        R"({"properties":{"TTL":60,"TXTRecords":[{"value":["new"]},{"value":["the-value"]}]}})");
}

}  // namespace
}  // namespace cairn::client::azure_test
