#include "client/testing/provider_fixture.h"

namespace cairn::client::httpreq_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::response;

/// As https://go-acme.github.io/lego/dns/httpreq/ has it.
class HttpRequestProviderTest : public testing::ProviderTest {};

TEST_F(HttpRequestProviderTest, TellsNameAndValue) {
    answer_ = [](const http::Request& request) {
        EXPECT_EQ(request.field("Authorization"), "Basic dXNlcjpwYXNzd29yZC0x");
        EXPECT_EQ(request.body,
                  R"({"fqdn":"_acme-challenge.www.example.com.","value":"the-value"})");
        return response(200, "");
    };
    const auto httpreq =
        provider("httpreq", {{"username", "user"}, {"password", "password-1"}}, "/base");
    httpreq->set(record_);
    httpreq->remove(record_);
    EXPECT_THAT(asked(), ElementsAre("POST /base/present", "POST /base/cleanup"));
    EXPECT_THAT(trace_.text(), Not(HasSubstr("password-1")));
    EXPECT_THAT(trace_.text(), Not(HasSubstr("dXNlcjpwYXNzd29yZC0x")));
}

TEST_F(HttpRequestProviderTest, InItsRawModeTellsTheProof) {
    answer_ = [](const http::Request& request) {
        EXPECT_EQ(request.field("Authorization"), "");
        EXPECT_EQ(request.body, R"({"domain":"www.example.com","token":"a","keyAuth":"a.b"})");
        return response(200, "");
    };
    const auto httpreq = provider("httpreq", {{"mode", "RAW"}});
    auto record = record_;
    record.proof = {.domain = "www.example.com", .token = "a", .key_authorization = "a.b"};
    httpreq->set(record);
    httpreq->remove(record);
    EXPECT_THAT(asked(), ElementsAre("POST /present", "POST /cleanup"));
    EXPECT_THAT(failure_of([&] { httpreq->set(record_); }), HasSubstr("knows dns-01 alone"));
}

TEST_F(HttpRequestProviderTest, TellsWhatTheServerSays) {
    answer_ = [](const http::Request&) { return response(400, "not this name"); };
    EXPECT_THAT(failure_of([&] { provider("httpreq", {})->set(record_); }),
                HasSubstr("status 400: not this name"));
}

}  // namespace
}  // namespace cairn::client::httpreq_test
