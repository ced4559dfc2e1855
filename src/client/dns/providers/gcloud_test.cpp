#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/base64url.h"
#include "client/testing/provider_fixture.h"
#include "crypto/signature.h"

namespace cairn::client::gcloud_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::response;

/// As https://cloud.google.com/dns/docs/reference/rest/v1 and RFC 7523 have it.
class GoogleCloudTest : public testing::ProviderTest {
  protected:
    GoogleCloudTest() {
        answer_ = [this](const http::Request& request) {
            if (request.path() == "/token") {
                login_ = request.body;
                return response(
                    200,
                    R"({"access_token":"granted-token","expires_in":3599,"token_type":"Bearer"})");
            }
            EXPECT_EQ(request.field("Authorization"), "Bearer granted-token");
            if (request.path() == "/dns/v1/projects/p-1/managedZones")
                return response(
                    200, R"({"managedZones":[{"name":"inside","dnsName":"example.com.",)"
                         R"("visibility":"private"},{"name":"zone-1","dnsName":"example.com.",)"
                         R"("visibility":"public"}]})");
            if (request.method == "GET") return response(200, sets_);
            if (refusals_ > 0) {
                --refusals_;
                return response(412, R"({"error":{"code":412}})");
            }
            return response(200, "{}");
        };
    }
    std::unique_ptr<DnsProvider> gcloud() {
        const auto pem = key().to_pem();
        const boost::json::object account{{"type", "service_account"},
                                          {"project_id", "p-1"},
                                          {"private_key_id", "k-1"},
                                          {"private_key", std::string(base::text_of(pem))},
                                          {"client_email", "cairn@p-1.iam.gserviceaccount.com"},
                                          {"token_uri", server_.url("/token")}};
        return provider("gcloud", {{"service_account", boost::json::serialize(account)}});
    }
    /// Made once, since that takes a while.
    static const crypto::PrivateKey& key() {
        static const auto made = crypto::PrivateKey::generate(crypto::KeyType::rsa2048);
        return made;
    }
    std::string login_;
    std::string sets_ = R"({"rrsets":[]})";
    int refusals_ = 0;
};

TEST_F(GoogleCloudTest, LogsInByASignedAssertion) {
    const auto provider = gcloud();
    provider->set(record_);
    provider->set(record_);
    EXPECT_THAT(login_, ::testing::StartsWith("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%"
                                              "3Ajwt-bearer&assertion="));
    const auto assertion = login_.substr(login_.rfind('=') + 1);
    const auto dot = assertion.rfind('.');
    EXPECT_TRUE(crypto::verify(key().public_key(), crypto::SignatureAlgorithm::rs256,
                               base::bytes_of(std::string_view(assertion).substr(0, dot)),
                               base::from_base64url(assertion.substr(dot + 1)).value()));
    const auto first = assertion.find('.');
    const auto claims = base::from_base64url(assertion.substr(first + 1, dot - first - 1)).value();
    EXPECT_THAT(std::string(base::text_of(claims)),
                HasSubstr(R"("iat":1790000000,"exp":1790003600)"));
    EXPECT_EQ(server_.count("/token"), 1U) << "the token lasts for an hour";
    EXPECT_THAT(trace_.text(), Not(HasSubstr("granted-token")));
    EXPECT_THAT(trace_.text(), Not(HasSubstr(assertion)));
}

TEST_F(GoogleCloudTest, StatesTheSetBeforeAndAfter) {
    gcloud()->set(record_);
    EXPECT_THAT(
        asked(),
        ElementsAre("POST /token", "GET /dns/v1/projects/p-1/managedZones?dnsName=example.com.",
                    "GET /dns/v1/projects/p-1/managedZones/zone-1/rrsets?name=_acme-"
                    "challenge.www.example.com.&type=TXT",
                    "POST /dns/v1/projects/p-1/managedZones/zone-1/changes"));
    EXPECT_EQ(server_.requests().back().body,
              R"({"additions":[{"name":"_acme-challenge.www.example.com.","type":"TXT","ttl":60,)"
              R"("rrdatas":["\"the-value\""]}]})");
    const std::string set = R"({"name":"_acme-challenge.www.example.com.","type":"TXT","ttl":300,)"
                            R"("rrdatas":["\"other\"","\"the-value\""]})";
    sets_ = R"({"rrsets":[)" + set + "]}";
    gcloud()->remove(record_);
    EXPECT_EQ(server_.requests().back().body,
              R"({"deletions":[)" + set +
                  R"(],"additions":[{"name":"_acme-challenge.www.example.com.","type":"TXT",)"
                  R"("ttl":60,"rrdatas":["\"other\""]}]})");
}

TEST_F(GoogleCloudTest, ReadsAgainWhenSomebodyElseWasFaster) {
    refusals_ = 2;
    gcloud()->set(record_);
    EXPECT_EQ(server_.count("/dns/v1/projects/p-1/managedZones/zone-1/changes"), 3U);
}

}  // namespace
}  // namespace cairn::client::gcloud_test
