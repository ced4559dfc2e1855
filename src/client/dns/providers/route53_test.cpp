#include <fmt/format.h>

#include "client/testing/provider_fixture.h"

namespace cairn::client::route53_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::response;
using ::testing::StartsWith;

/// As https://docs.aws.amazon.com/Route53/latest/APIReference/ has it.
class Route53Test : public testing::ProviderTest {
  protected:
    Route53Test() {
        answer_ = [this](const http::Request& request) {
            EXPECT_THAT(std::string(request.field("Authorization")),
                        StartsWith("AWS4-HMAC-SHA256 Credential=AKID/20260921/us-east-1/route53/"));
            if (request.path() == "/2013-04-01/hostedzonesbyname")
                return response(
                    200,
                    "<?xml version=\"1.0\"?><ListHostedZonesByNameResponse "
                    "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><HostedZones>"
                    "<HostedZone><Id>/hostedzone/ZPRIVATE</Id><Name>example.com.</Name><Config>"
                    "<PrivateZone>true</PrivateZone></Config></HostedZone>"
                    "<HostedZone><Id>/hostedzone/Z1</Id><Name>example.com.</Name><Config>"
                    "<PrivateZone>false</PrivateZone></Config></HostedZone>"
                    "</HostedZones></ListHostedZonesByNameResponse>");
            if (request.method == "GET") return response(200, sets());
            if (refusals_ > 0) {
                --refusals_;
                values_ = {"\"somebody else's\""};
                return response(400,
                                "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidChangeBatch"
                                "</Code><Message>but it was</Message></Error></ErrorResponse>");
            }
            return response(200, "<ChangeResourceRecordSetsResponse/>");
        };
    }
    std::string sets() const {
        // The list goes on behind the name that was asked for.
        std::string text = "<ListResourceRecordSetsResponse><ResourceRecordSets>";
        if (!values_.empty()) {
            text +=
                "<ResourceRecordSet><Name>_acme-challenge.www.example.com.</Name>"
                "<Type>TXT</Type><TTL>300</TTL><ResourceRecords>";
            for (const auto& value : values_)
                text += "<ResourceRecord><Value>" + value + "</Value></ResourceRecord>";
            text += "</ResourceRecords></ResourceRecordSet>";
        } else {
            text +=
                "<ResourceRecordSet><Name>www.example.com.</Name><Type>A</Type></"
                "ResourceRecordSet>";
        }
        return text + "</ResourceRecordSets></ListResourceRecordSetsResponse>";
    }
    std::unique_ptr<DnsProvider> route53() {
        return provider("route53",
                        {{"access_key_id", "AKID"}, {"secret_access_key", "secret-of-aws"}});
    }
    static std::string change(const std::string& action, int time_to_live,
                              const std::vector<std::string>& values) {
        std::string text;
        for (const auto& value : values)
            text += "<ResourceRecord><Value>&quot;" + value + "&quot;</Value></ResourceRecord>";
        return fmt::format(
            "<Change><Action>{}</Action><ResourceRecordSet><Name>_acme-challenge.www."
            "example.com.</Name><Type>TXT</Type><TTL>{}</TTL><ResourceRecords>{}"
            "</ResourceRecords></ResourceRecordSet></Change>",
            action, time_to_live, text);
    }
    std::vector<std::string> values_;
    int refusals_ = 0;
};

TEST_F(Route53Test, CreatesTheSet) {
    route53()->set(record_);
    EXPECT_THAT(asked(),
                ElementsAre("GET /2013-04-01/hostedzonesbyname?dnsname=example.com.&maxitems=20",
                            "GET /2013-04-01/hostedzone/Z1/rrset?maxitems=1&name=_acme-challenge."
                            "www.example.com.&type=TXT",
                            "POST /2013-04-01/hostedzone/Z1/rrset/"));
    EXPECT_THAT(server_.requests()[2].body,
                HasSubstr("<Changes>" + change("CREATE", 60, {"the-value"}) + "</Changes>"));
    EXPECT_THAT(trace_.text(), Not(HasSubstr("secret-of-aws")));
}

TEST_F(Route53Test, KeepsTheValuesOfOthers) {
    values_ = {"\"other\"", "\"the-value\""};
    const auto provider = route53();
    provider->set(record_);
    EXPECT_EQ(asked().size(), 2U) << "it was there";
    provider->remove(record_);
    EXPECT_THAT(server_.requests().back().body,
                HasSubstr("<Changes>" + change("DELETE", 300, {"other", "the-value"}) +
                          change("CREATE", 60, {"other"}) + "</Changes>"));
    values_ = {"\"the-value\""};
    provider->remove(record_);
    EXPECT_THAT(server_.requests().back().body,
                HasSubstr("<Changes>" + change("DELETE", 300, {"the-value"}) + "</Changes>"));
}

TEST_F(Route53Test, ReadsAgainWhenSomebodyElseWasFaster) {
    refusals_ = 1;
    route53()->set(record_);
    EXPECT_THAT(server_.requests().back().body,
                HasSubstr(change("DELETE", 300, {"somebody else's"}) +
                          change("CREATE", 60, {"somebody else's", "the-value"})));
    refusals_ = 100;
    EXPECT_THAT(failure_of([&] { route53()->set(record_); }),
                HasSubstr("InvalidChangeBatch: but it was"));
}

}  // namespace
}  // namespace cairn::client::route53_test
