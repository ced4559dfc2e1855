#include "client/certificate_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/certificate_plan.h"
#include "client/durable_file.h"
#include "client/testing/temporary_folder.h"
#include "crypto/base64.h"

namespace cairn::client::certificate_request_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const crypto::PrivateKey& key() {
    static const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p384);
    return key;
}

pki::SubjectNames names() {
    pki::SubjectNames names;
    names.dns_names = {"B.example", "*.a.example", "b.example"};
    names.ip_addresses = {base::IpAddress::from_text("192.0.2.1").value()};
    return names;
}

std::string pem_of(const base::Bytes& der, const std::string& kind) {
    std::string text = "-----BEGIN " + kind + "-----\n";
    const auto base64 = crypto::base64(der);
    for (std::size_t at = 0; at < base64.size(); at += 64) text += base64.substr(at, 64) + "\n";
    return text + "-----END " + kind + "-----\n";
}

TEST(CertificateRequest, IsReadFromDerAndPem) {
    const auto der = pki::make_csr(key(), names());
    for (const auto& octets :
         {std::string(base::text_of(der)), pem_of(der, "CERTIFICATE REQUEST"),
          "Certificate Request:\n  Data: ...\n" + pem_of(der, "NEW CERTIFICATE REQUEST")}) {
        const auto request = CertificateRequest::from_octets(base::bytes_of(octets));
        ASSERT_TRUE(request) << request.error().message;
        EXPECT_EQ(request->der(), der);
        EXPECT_EQ(request->pem(), pem_of(der, "CERTIFICATE REQUEST"));
        EXPECT_EQ(request->public_key(), key().public_key());
        EXPECT_EQ(request->key_type(), crypto::KeyType::ec_p384);
        EXPECT_THAT(sorted_values(request->identifiers()),
                    ElementsAre("*.a.example", "192.0.2.1", "b.example"));
        EXPECT_EQ(request->identifiers().front().value(), "b.example");
        EXPECT_EQ(request->identifiers().size(), 3U) << "each once";
    }
}

TEST(CertificateRequest, IsReadFromAFile) {
    const testing::TemporaryFolder folder;
    write_durably(folder / "request.der", pki::make_csr(key(), names()), FileAccess::owner);
    EXPECT_TRUE(CertificateRequest::read(folder / "request.der"));
    EXPECT_FALSE(CertificateRequest::read(folder / "none"));
}

TEST(CertificateRequest, SaysWhatIsWrong) {
    const auto error_of = [](std::string_view octets) {
        const auto request = CertificateRequest::from_octets(base::bytes_of(octets));
        return request ? "no error" : request.error().message;
    };
    EXPECT_THAT(error_of(""), HasSubstr("no certification request"));
    EXPECT_THAT(error_of("-----BEGIN CERTIFICATE REQUEST-----\nAAAA"), HasSubstr("no end"));
    auto mail = names();
    mail.uris = {"https://a.example"};
    EXPECT_THAT(error_of(base::text_of(pki::make_csr(key(), mail))), HasSubstr("more than names"));
    pki::SubjectNames odd;
    odd.dns_names = {"a_b.example"};
    EXPECT_THAT(error_of(base::text_of(pki::make_csr(key(), odd))), HasSubstr("a_b.example"));
    auto changed = pki::make_csr(key(), names());
    changed.back() ^= 1;
    EXPECT_THAT(error_of(base::text_of(changed)), HasSubstr("no certification request"));
}

}  // namespace
}  // namespace cairn::client::certificate_request_test
