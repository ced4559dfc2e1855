#include "client/testing/provider_fixture.h"
#include "crypto/mac.h"

namespace cairn::client::ovh_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::response;

/// As https://eu.api.ovh.com/console/ has it; key, secret and time are those of the documentation's
/// example of a signature.
class OvhTest : public testing::ProviderTest {
  protected:
    OvhTest() {
        answer_ = [this](const http::Request& request) {
            if (request.target == "/1.0/auth/time") return response(200, "1366560945");
            EXPECT_EQ(request.field("X-Ovh-Application"), "7kbG7Bk7S9Nt7ZSV");
            EXPECT_EQ(request.field("X-Ovh-Timestamp"), "1366560945");
            const auto text = std::string(secret) + "+" + consumer_key + "+" + request.method +
                              "+" + server_.url(request.target) + "+" + request.body +
                              "+1366560945";
            EXPECT_EQ(request.field("X-Ovh-Signature"),
                      "$1$" + base::to_hex(crypto::digest(crypto::HashFunction::sha1,
                                                          base::bytes_of(text))));
            if (request.path().ends_with("/record") && request.method == "GET")
                return response(200, ids_);
            if (request.path().ends_with("/record/11"))
                return response(200, R"({"id":11,"target":"\"other\""})");
            if (request.path().ends_with("/record/12"))
                return response(200, R"({"id":12,"target":"\"the-value\""})");
            return response(200, "null");
        };
    }
    std::unique_ptr<DnsProvider> ovh() {
        return provider("ovh",
                        {{"application_key", "7kbG7Bk7S9Nt7ZSV"},
                         {"application_secret", secret},
                         {"consumer_key", consumer_key}},
                        "/1.0");
    }
    static constexpr const char* secret = "EXEgWIz07P0HYwtQDs7cNIqCiQaWSuHF";
    static constexpr const char* consumer_key = "MtSwSrPpNjqfVSmJhLbPyr2i45lSwPU1";
    std::string ids_ = "[11]";
};

TEST(OvhSignature, HasTheValueOfTheDocumentation) {
    constexpr std::string_view text =
        "EXEgWIz07P0HYwtQDs7cNIqCiQaWSuHF+MtSwSrPpNjqfVSmJhLbPyr2i45lSwPU1+GET+"
        "https://eu.api.ovh.com/1.0/domains/++1366560945";
    EXPECT_EQ(base::to_hex(crypto::digest(crypto::HashFunction::sha1, base::bytes_of(text))),
              "d3705e8afb27a0d2970a322b96550abfc67bb798");
}

TEST_F(OvhTest, AddsARecordAndRefreshesTheZone) {
    ovh()->set(record_);
    EXPECT_THAT(asked(), ElementsAre("GET /1.0/auth/time",
                                     "GET /1.0/domain/zone/example.com/record?fieldType=TXT&"
                                     "subDomain=_acme-challenge.www",
                                     "GET /1.0/domain/zone/example.com/record/11",
                                     "POST /1.0/domain/zone/example.com/record",
                                     "POST /1.0/domain/zone/example.com/refresh"));
    EXPECT_EQ(server_.requests()[3].body, R"({"fieldType":"TXT","subDomain":"_acme-challenge.www",)"
                                          R"("target":"\"the-value\"","ttl":60})");
    EXPECT_THAT(trace_.text(), Not(HasSubstr(secret)));
    EXPECT_THAT(trace_.text(), Not(HasSubstr(consumer_key)));
}

TEST_F(OvhTest, RemovesThisValueAlone) {
    ids_ = "[11,12]";
    const auto provider = ovh();
    provider->set(record_);
    EXPECT_EQ(asked().back(), "GET /1.0/domain/zone/example.com/record/12") << "it was there";
    provider->remove(record_);
    EXPECT_THAT(asked(), ::testing::Contains("DELETE /1.0/domain/zone/example.com/record/12"));
    EXPECT_THAT(asked(), Not(::testing::Contains("DELETE /1.0/domain/zone/example.com/record/11")));
}

}  // namespace
}  // namespace cairn::client::ovh_test
