#include "admin/key_list.h"

#include <chrono>

#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "crypto/key.h"
#include "pki/certificate_builder.h"

namespace cairn::admin::key_list_test {
namespace {

TEST(KeyListTest, TakesDigestsCertificatesAndKeys) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const auto now = *base::from_rfc3339("2026-11-22T12:00:00Z");
    const auto certificate =
        pki::make_root_certificate({.serial = *pki::SerialNumber::from_hex("01"),
                                    .validity = {now, now + std::chrono::days(1)},
                                    .common_name = "A",
                                    .organization = {},
                                    .path_length = 0},
                                   key);
    const auto digest = base::to_hex(crypto::sha256(key.public_key().spki()));
    const auto private_pem = key.to_pem();
    const std::string text = "# leaked\n" + digest + "\r\n\n" + certificate.pem() +
                             std::string(private_pem.begin(), private_pem.end());
    EXPECT_EQ(read_key_list(text).value(), (std::vector<std::string>{digest, digest, digest}));

    // `openssl pkey -pubout` of RFC 9500's P-256 test key.
    const auto public_key = read_key_list(
        "-----BEGIN PUBLIC KEY-----\n"
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEQiVI+I+3gv+17KN0RFLHKh5Vj71v\n"
        "c75eSOkyMsxFxbFsTNEMTLjVuKFxOelIgsiZJXKZNCX0FBmrfpCkKklCcg==\n"
        "-----END PUBLIC KEY-----\n");
    ASSERT_TRUE(public_key) << public_key.error().message;
    EXPECT_EQ(public_key->size(), 1U);
}

TEST(KeyListTest, NamesTheLineThatIsNoKey) {
    for (const char* bad : {"", "\n# nothing\n"})
        EXPECT_EQ(read_key_list(bad).error().message, "there is no key in it");
    for (const char* bad : {"\nabc\n", "#\n-----BEGIN PUBLIC KEY-----\nAAAA\n",
                            "#\n-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
                            "#\n-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"})
        EXPECT_TRUE(read_key_list(bad).error().message.starts_with("line 2: ")) << bad;
}

}  // namespace
}  // namespace cairn::admin::key_list_test
