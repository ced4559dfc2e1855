#include "crypto/tpm2/key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/key_unavailable.h"
#include "crypto/pem_block.h"

namespace cairn::crypto::key_test {
namespace {

using ::testing::HasSubstr;

// Made by swtpm.
constexpr std::string_view sample = R"(-----BEGIN TSS2 PRIVATE KEY-----
MIHwBgZngQUKAQOgAwEB/wIEQAAAAQRYAFYAIwALAAQEcgAAABAAEAADABAAINhX
Cemw5qs63obGi01MmWgy0hkOGUZZZt6FwouHNDfWACDuT7IGyZHOCw3EeMZ+tC0G
LmehzioTUlHTY327coEqFQSBgAB+ACAwfU9rkNFVlFlrID4MDCFY8f6HYUfNuIAD
fqBQrUuqgAAQMirED2R4Pb6TYMzQ4HUc6nEKFrnCBqVuJtyU9DWN3PYq143XnL+R
+3NKGWdwHXlzBhYazi8WNHHZDCakAne1imJSrkD+oxLYoKwndYb9IKSQ8MNlU9DC
D83u
-----END TSS2 PRIVATE KEY-----
)";

std::string refusal(std::string_view pem) {
    const auto key = Tpm2Key::from_pem(pem);
    return key ? "taken" : key.error().message;
}

TEST(Tpm2KeyTest, IsReadAndWritten) {
    const auto key = Tpm2Key::from_pem(sample);
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(key->public_key().algorithm(), KeyAlgorithm::ec_p256);
    EXPECT_EQ(key->pem(), sample);
}

TEST(Tpm2KeyTest, RefusesWhatItCannotUse) {
    EXPECT_THAT(refusal("nothing"), HasSubstr("no TSS2 PRIVATE KEY"));
    const auto good = from_pem(sample, Tpm2Key::pem_label).value();
    for (std::size_t size = 0; size < good.size(); ++size) {
        const base::BytesView part(good.data(), size);
        EXPECT_NE(refusal(to_pem(Tpm2Key::pem_label, part)), "taken") << size;
    }
    auto other = good;
    other[4] ^= 1;  // within the object identifier
    EXPECT_NE(refusal(to_pem(Tpm2Key::pem_label, other)), "taken");
}

TEST(Tpm2KeyTest, WithoutATpmIsUnavailable) {
    const auto key = Tpm2Key::from_pem(sample).value();
    const auto signer = key.signer("device:/nowhere/tpm");
    EXPECT_EQ(signer.public_key(), key.public_key());
    EXPECT_THROW((void)signer.sign({}), KeyUnavailable);
    EXPECT_THROW(Tpm2Key::require_tpm("device:/nowhere/tpm"), KeyUnavailable);
}

}  // namespace
}  // namespace cairn::crypto::key_test
