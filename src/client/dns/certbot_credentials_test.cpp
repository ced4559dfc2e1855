#include "client/dns/certbot_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client::certbot_credentials_test {
namespace {

using ::testing::HasSubstr;
using Values = std::map<std::string, std::string>;

TEST(CertbotCredentials, AreReadUnderOurNames) {
    struct Case {
        const char* provider;
        const char* text;
        Values values;
    };
    const Case cases[] = {
        {"cloudflare",
         "# Cloudflare API token used by Certbot\ndns_cloudflare_api_token = 0123ab\n",
         {{"api_token", "0123ab"}}},
        {"cloudflare",
         "dns_cloudflare_email=a@b.example  # mine\r\ndns_cloudflare_api_key = \"x#y\" # k",
         {{"email", "a@b.example"}, {"api_key", "x#y"}}},
        {"digitalocean", "\n\ndns_digitalocean_token = 't = 1'", {{"api_token", "t = 1"}}},
        {"dnsimple",
         "dns_dnsimple_token = t\ndns_dnsimple_account_id = 7",
         {{"api_token", "t"}, {"account_id", "7"}}},
        {"linode", "dns_linode_key = k\ndns_linode_version = 4\n", {{"api_token", "k"}}},
        {"luadns",
         "dns_luadns_email = a@b\ndns_luadns_token = t",
         {{"email", "a@b"}, {"api_token", "t"}}},
        {"ns1", "dns_nsone_api_key = k", {{"api_key", "k"}}},
        {"ovh",
         "[x]\ndns_ovh_endpoint = ovh-eu\ndns_ovh_application_key = k\n"
         "dns_ovh_application_secret = s\ndns_ovh_consumer_key = c\n",
         {{"endpoint", "ovh-eu"},
          {"application_key", "k"},
          {"application_secret", "s"},
          {"consumer_key", "c"}}},
        {"rfc2136",
         "dns_rfc2136_server = 192.0.2.1\ndns_rfc2136_port = 5353\ndns_rfc2136_name = key.\n"
         "dns_rfc2136_secret = aGk=\ndns_rfc2136_algorithm = HMAC-SHA512\n"
         "dns_rfc2136_sign_query = false\n",
         {{"server", "192.0.2.1:5353"},
          {"tsig_name", "key."},
          {"tsig_secret", "aGk="},
          {"tsig_algorithm", "hmac-sha512"}}},
        {"rfc2136",
         "dns_rfc2136_server = 2001:db8::1\ndns_rfc2136_port = 53\ndns_rfc2136_name = k\n"
         "dns_rfc2136_secret = aGk=",
         {{"server", "[2001:db8::1]:53"},
          {"tsig_name", "k"},
          {"tsig_secret", "aGk="},
          {"tsig_algorithm", "hmac-md5"}}},
        {"gcloud",
         " {\"type\": \"service_account\"}",
         {{"service_account", " {\"type\": \"service_account\"}"}}},
    };
    for (const auto& [provider, text, values] : cases) {
        const auto read = certbot_credentials(provider, text);
        ASSERT_TRUE(read && *read) << text;
        EXPECT_EQ(**read, values) << text;
    }
}

TEST(CertbotCredentials, AreNotWhatIsOurs) {
    for (const auto* text : {"", "# only a comment", "api_token = \"dns_cloudflare_x\"\n",
                             "from = [\"vault\"]", "{\"a\": 1}"}) {
        const auto read = certbot_credentials("cloudflare", text);
        ASSERT_TRUE(read) << text;
        EXPECT_FALSE(*read) << text;
    }
}

TEST(CertbotCredentials, SayWhatIsWrongAndQuoteNothing) {
    struct Case {
        const char* text;
        const char* reason;
    };
    for (const auto& [text, reason] :
         {Case{"dns_ovh_endpoint = secret", "it is for certbot's plugin dns-ovh, which is dns:ovh"},
          Case{"dns_hetzner_token = secret", "not known here"},
          Case{"dns_cloudflare_token = secret", "dns_cloudflare_token is no key"},
          Case{"dns_cloudflare_api_token = a\ndns_ovh_endpoint = secret", "dns_ovh_endpoint is no"},
          Case{"dns_cloudflare_api_token = a\nd = secret", "d is no key"},
          Case{"dns_cloudflare_api_token = \"secret", "does not end"},
          Case{"dns_cloudflare_api_token = \"secret\" secret", "does not end"},
          Case{"dns_cloudflare_api_token = a\nsecret", "not KEY = VALUE"}}) {
        const auto read = certbot_credentials("cloudflare", text);
        ASSERT_FALSE(read) << text;
        EXPECT_THAT(read.error().message, HasSubstr(reason));
        EXPECT_EQ(read.error().message.find("secret"), std::string::npos);
    }
    std::string long_one = "dns_cloudflare_api_token = a\n";
    for (int i = 0; i < 2000; ++i) long_one += "dns_cloudflare_email = a\n";
    EXPECT_FALSE(certbot_credentials("cloudflare", long_one));
}

}  // namespace
}  // namespace cairn::client::certbot_credentials_test
