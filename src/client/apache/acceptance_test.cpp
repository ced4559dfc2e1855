#include "client/apache/acceptance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/apache/testing/written_configuration.h"
#include "client/testing/issuer.h"

namespace cairn::client::apache::acceptance_test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Files of a certificate with such a key, and what Apache has against them in a virtual host with
/// these lines.
std::string refusal_with(crypto::KeyType type, const std::string& lines,
                         const std::string& outside = {}) {
    client::testing::Issuer issuer;
    const auto key = crypto::PrivateKey::generate(type);
    apache::testing::WrittenConfiguration configuration(std::map<std::string, std::string>{
        {"fullchain.pem",
         pki::to_pem(issuer.issue(key.public_key(), client::testing::names({"a.example"})))},
        {"privkey.pem", std::string(base::text_of(base::BytesView(LineageKey(key).text())))}});
    const auto files = CertificateFiles::in(configuration.path(""));
    configuration.write("httpd.conf", outside + "<VirtualHost *:443>\nServerName a.example\n" +
                                          lines + "SSLCertificateFile " +
                                          files.full_chain.string() +
                                          "\n</VirtualHost>\n<VirtualHost *:80>\n</VirtualHost>\n");
    return refusal_of(configuration.read(), {files});
}

TEST(ApacheAcceptance, IsThatOfTheLevelOfTheHostsCiphers) {
    const std::string strict = "SSLCipherSuite DEFAULT@SECLEVEL=3\n";
    const std::string usual = "SSLCipherSuite HIGH:!aNULL\n";
    using enum crypto::KeyType;
    EXPECT_THAT(refusal_with(rsa2048, strict), HasSubstr("key too small"));
    EXPECT_THAT(refusal_with(rsa2048, {}, strict), HasSubstr("key too small"));
    EXPECT_THAT(refusal_with(rsa2048, "SSLCipherSuite TLSv1.3 TLS_AES_128_GCM_SHA256\n", strict),
                HasSubstr("key too small"));
    EXPECT_THAT(refusal_with(rsa2048, "SSLCipherSuite SSL DEFAULT@SECLEVEL=3\n"),
                HasSubstr("key too small"));
    EXPECT_THAT(refusal_with(rsa2048, usual, strict), IsEmpty()) << "the host has its own";
    EXPECT_THAT(refusal_with(ec_p256, strict), IsEmpty());
    EXPECT_THAT(refusal_with(rsa2048, {}), IsEmpty());
}

}  // namespace
}  // namespace cairn::client::apache::acceptance_test
