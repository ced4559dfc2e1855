#include "client/testing/provider_fixture.h"

namespace cairn::client::namecheap_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::response;

/// As https://www.namecheap.com/support/api/methods/domains-dns/ has it: the list is written whole.
class NamecheapTest : public testing::ProviderTest {
  protected:
    NamecheapTest() {
        answer_ = [this](const http::Request& request) {
            EXPECT_EQ(request.method + request.target, "POST/xml.response");
            if (request.body.find("Command=namecheap.domains.dns.getHosts") != std::string::npos)
                return response(200, get_answer());
            EXPECT_THAT(request.body, HasSubstr("Command=namecheap.domains.dns.setHosts"));
            take(request.body);
            return response(200, "<ApiResponse Status=\"OK\"><CommandResponse/></ApiResponse>");
        };
    }
    std::string get_answer() const {
        if (!error_.empty()) return error_;
        std::string hosts;
        for (const auto& host : hosts_) hosts += "<host HostId=\"1\" " + host + " />";
        return "<?xml version=\"1.0\" encoding=\"utf-8\"?><ApiResponse Status=\"OK\" "
               "xmlns=\"http://api.namecheap.com/xml.response\"><Errors /><CommandResponse "
               "Type=\"namecheap.domains.dns.getHosts\"><DomainDNSGetHostsResult "
               "Domain=\"example.com\" EmailType=\"MX\" IsUsingOurDNS=\"true\">" +
               hosts + "</DomainDNSGetHostsResult></CommandResponse></ApiResponse>";
    }
    /// Keeps what was written, unless another writer is to overwrite it.
    void take(const std::string& body) {
        written_ = body;
        if (overwrites_ > 0) {
            --overwrites_;
            return;
        }
        if (body.find("the-value") != std::string::npos) hosts_.push_back(challenge);
    }
    std::unique_ptr<DnsProvider> namecheap() {
        return provider(
            "namecheap",
            {{"api_user", "user"}, {"api_key", "key-of-it"}, {"client_ip", "192.0.2.9"}},
            "/xml.response");
    }
    static constexpr const char* challenge =
        R"(Name="_acme-challenge.www" Type="TXT" Address="the-value" MXPref="10" TTL="60")";
    std::vector<std::string> hosts_ = {
        R"(Name="@" Type="A" Address="192.0.2.1" MXPref="10" TTL="1800")",
        R"(Name="@" Type="MX" Address="mail.example.com." MXPref="5" TTL="1800")"};
    std::string written_, error_;
    int overwrites_ = 0;
};

TEST_F(NamecheapTest, KeepsEveryOtherHost) {
    namecheap()->set(record_);
    EXPECT_EQ(written_,
              "ApiUser=user&ApiKey=key-of-it&UserName=user&ClientIp=192.0.2.9&Command=namecheap."
              "domains.dns.setHosts&SLD=example&TLD=com&EmailType=MX&HostName1=%40&RecordType1=A&"
              "Address1=192.0.2.1&TTL1=1800&HostName2=%40&RecordType2=MX&Address2=mail.example.com."
              "&MXPref2=5&TTL2=1800&HostName3=_acme-challenge.www&RecordType3=TXT&Address3=the-"
              "value&TTL3=60");
    EXPECT_THAT(trace_.text(), Not(HasSubstr("key-of-it")));
}

TEST_F(NamecheapTest, SetsAgainWhatAnotherHostOverwrote) {
    overwrites_ = 2;
    namecheap()->set(record_);
    EXPECT_EQ(server_.requests().size(), 7U) << "three writes, each read before and after";
    overwrites_ = 1000;
    hosts_.pop_back();
    EXPECT_THAT(failure_of([&] { namecheap()->set(record_); }),
                HasSubstr("others overwrite the change each time"));
}

TEST_F(NamecheapTest, RemovesThisValueAlone) {
    hosts_.push_back(challenge);
    hosts_.push_back(
        R"(Name="_acme-challenge.www" Type="TXT" Address="other" MXPref="10" TTL="60")");
    const auto provider = namecheap();
    answer_ = [this, usual = answer_](const http::Request& request) {
        auto reply = usual(request);
        if (request.body.find("setHosts") != std::string::npos) hosts_.erase(hosts_.begin() + 2);
        return reply;
    };
    provider->remove(record_);
    EXPECT_THAT(written_, HasSubstr("Address3=other"));
    EXPECT_THAT(written_, Not(HasSubstr("the-value")));
}

TEST_F(NamecheapTest, TellsItsErrors) {
    error_ =
        "<ApiResponse Status=\"ERROR\"><Errors><Error Number=\"1011150\">Invalid request IP: "
        "192.0.2.9</Error></Errors></ApiResponse>";
    EXPECT_THAT(failure_of([&] { namecheap()->set(record_); }),
                HasSubstr("1011150 Invalid request IP"));
}

TEST_F(NamecheapTest, NeverEmptiesAZone) {
    hosts_.clear();
    EXPECT_EQ(failure_of([&] { namecheap()->remove(record_); }), "no failure");
    EXPECT_TRUE(written_.empty());
}

}  // namespace
}  // namespace cairn::client::namecheap_test
