#include "client/testing/provider_fixture.h"

namespace cairn::client::cloudflare_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::response;

/// As https://developers.cloudflare.com/api/resources/dns/ has it.
class CloudflareTest : public testing::ProviderTest {
  protected:
    CloudflareTest() {
        answer_ = [this](const http::Request& request) {
            const bool is_of_zones = !zone_token_.empty() && request.path() == "/client/v4/zones";
            EXPECT_EQ(request.field("Authorization"),
                      "Bearer " + (is_of_zones ? zone_token_ : "a-long-token"));
            if (request.path() == "/client/v4/zones")
                return response(200, R"({"success":true,"errors":[],"result":)" + zones_ + "}");
            if (request.method == "GET")
                return response(200, R"({"success":true,"result":)" + records_ + "}");
            if (request.method == "DELETE") return response(delete_status_, "{}");
            return response(post_status_, post_body_);
        };
    }
    std::unique_ptr<DnsProvider> cloudflare() {
        return provider("cloudflare", {{"api_token", "a-long-token"}}, "/client/v4");
    }
    std::string zone_token_;
    std::string zones_ = R"([{"id":"z1","name":"example.com"}])";
    std::string records_ = "[]";
    int post_status_ = 200, delete_status_ = 200;
    std::string post_body_ = R"({"success":true,"errors":[],"result":{"id":"r1"}})";
};

TEST_F(CloudflareTest, AddsARecordOfItsOwn) {
    const auto provider = cloudflare();
    provider->set(record_);
    provider->set(record_);
    EXPECT_THAT(asked(), ElementsAre("GET /client/v4/zones?name=example.com",
                                     "POST /client/v4/zones/z1/dns_records",
                                     "POST /client/v4/zones/z1/dns_records"));
    EXPECT_EQ(server_.requests()[1].body,
              R"({"type":"TXT","name":"_acme-challenge.www.example.com",)"
              R"("content":"\"the-value\"","ttl":60})");
    EXPECT_THAT(trace_.text(), Not(HasSubstr("a-long-token")));
    EXPECT_THAT(trace_.text(), HasSubstr("the-value"));
}

TEST_F(CloudflareTest, LooksForTheZoneWithATokenOfItsOwn) {
    zone_token_ = "another-token";
    provider("cloudflare", {{"api_token", "a-long-token"}, {"zone_api_token", zone_token_}},
             "/client/v4")
        ->set(record_);
    EXPECT_THAT(asked(), ElementsAre("GET /client/v4/zones?name=example.com",
                                     "POST /client/v4/zones/z1/dns_records"));
    EXPECT_THAT(trace_.text(), Not(HasSubstr("another-token")));
}

TEST_F(CloudflareTest, IsContentWithOneThatStands) {
    post_status_ = 400;
    post_body_ = R"({"success":false,"errors":[{"code":81058,"message":"identical"}]})";
    cloudflare()->set(record_);
    post_body_ = R"({"success":false,"errors":[{"code":9005,"message":"Content is invalid"}]})";
    EXPECT_THAT(failure_of([&] { cloudflare()->set(record_); }), HasSubstr("Content is invalid"));
}

TEST_F(CloudflareTest, RemovesThisValueAlone) {
    records_ = R"([{"id":"r1","content":"\"other\""},{"id":"r2","content":"\"the-value\""},)"
               R"({"id":"r3","content":"the-value"}])";
    delete_status_ = 404;
    cloudflare()->remove(record_);
    EXPECT_THAT(asked(),
                ElementsAre("GET /client/v4/zones?name=example.com",
                            "GET /client/v4/zones/z1/dns_records?type=TXT&name=_acme-challenge.www."
                            "example.com&per_page=100",
                            "DELETE /client/v4/zones/z1/dns_records/r2",
                            "DELETE /client/v4/zones/z1/dns_records/r3"));
}

TEST_F(CloudflareTest, SaysWhatATokenLacks) {
    zones_ = "[]";
    EXPECT_EQ(cloudflare()->has_zone("example.com"), false);
    EXPECT_THAT(failure_of([&] { cloudflare()->set(record_); }), HasSubstr("Zone: Read"));
    answer_ = [](const http::Request&) {
        return response(403, R"({"success":false,"errors":[{"code":9109,"message":"Invalid"}]})");
    };
    EXPECT_THAT(failure_of([&] { cloudflare()->set(record_); }),
                HasSubstr("the credentials lack a right"));
}

TEST_F(CloudflareTest, IsLeftAloneWhenItWantsThat) {
    int refused = 0;
    const auto usual = answer_;
    answer_ = [&](const http::Request& request) {
        if (++refused <= 2) return response(429, "{}", {{"Retry-After", "7"}});
        return usual(request);
    };
    cloudflare()->set(record_);
    EXPECT_EQ(timer_.waited(), std::chrono::seconds(14));
}

}  // namespace
}  // namespace cairn::client::cloudflare_test
