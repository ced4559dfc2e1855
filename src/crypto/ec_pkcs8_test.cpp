#include "crypto/ec_pkcs8.h"

#include <stdexcept>

#include <openssl/pem.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/openssl.h"
#include "crypto/testing/openssl_keys.h"

namespace cairn::crypto::ec_pkcs8_test {
namespace {

using ::testing::HasSubstr;
using testing::pem_of;

std::string text_of(const base::SecretBytes& pem) {
    return std::string(base::text_of(pem));
}

TEST(EcPkcs8, IsLetterByLetterWhatOpensslWrites) {
    for (const auto type : {KeyType::ec_p256, KeyType::ec_p384}) {
        // Some keys have a scalar with zeros in front.
        for (int i = 0; i < 300; ++i) {
            const auto key = PrivateKey::generate(type);
            const auto pem = pem_of(key.handle());
            ASSERT_EQ(text_of(key.to_pem()), pem);
            const auto numbers = from_ec_pem(pem);
            ASSERT_TRUE(numbers);
            EXPECT_EQ(to_string(numbers->curve), to_string(key.public_key().algorithm()));
            EXPECT_EQ(numbers->x, key.public_key().ec_point().x);
            EXPECT_EQ(text_of(to_ec_pem(*numbers)), pem);
        }
        const auto key = PrivateKey::generate(type);
        const auto reread = PrivateKey::from_pem(pem_of(key.handle()));
        ASSERT_TRUE(reread) << reread.error().message;
        EXPECT_EQ(reread->public_key(), key.public_key());
        EXPECT_EQ(pem_of(reread->handle()), pem_of(key.handle()));
    }
}

TEST(EcPkcs8, IsNothingElse) {
    const auto pem = pem_of(PrivateKey::generate(KeyType::ec_p256).handle());
    const auto body = pem.find('\n') + 1;
    const auto with = [&](std::size_t at, std::string_view letters) {
        auto other = pem;
        other.replace(at, letters.size(), letters);
        return other;
    };
    auto crlf = pem;
    for (std::size_t at = 0; (at = crlf.find('\n', at)) != std::string::npos; at += 2)
        crlf.insert(at, "\r");
    auto longer = pem;
    longer.insert(body + 64, "A");
    for (const auto& other :
         {crlf, longer, " " + pem, pem + "\n", pem.substr(1), pem.substr(0, pem.size() - 1),
          with(body, "=="), with(body, "\n"), with(body, "B"), with(body + 3, "\x01"),
          std::string("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"),
          std::string("-----BEGIN PRIVATE KEY-----\n\n-----END PRIVATE KEY-----\n"),
          std::string("-----BEGIN PRIVATE KEY-----\n"), std::string(),
          pem_of(PrivateKey::generate(KeyType::ed25519).handle()),
          pem_of(PrivateKey::generate(KeyType::rsa2048).handle()),
          pem_of(testing::ec_keygen("P-521").get())})
        EXPECT_FALSE(from_ec_pem(other)) << other;
}

TEST(EcPkcs8, OtherWaysToWriteAKeyAreReadByOpenssl) {
    const auto key = PrivateKey::generate(KeyType::ec_p256);
    auto crlf = pem_of(key.handle());
    for (std::size_t at = 0; (at = crlf.find('\n', at)) != std::string::npos; at += 2)
        crlf.insert(at, "\r");
    const auto reread = PrivateKey::from_pem(crlf);
    ASSERT_TRUE(reread) << reread.error().message;
    EXPECT_EQ(reread->public_key(), key.public_key());
}

TEST(EcPkcs8, ScalarsOutOfRangeAreNoKeys) {
    const auto pem = pem_of(PrivateKey::generate(KeyType::ec_p256).handle());
    for (const std::uint8_t octet : {std::uint8_t{0}, std::uint8_t{0xff}}) {
        auto numbers = from_ec_pem(pem);
        ASSERT_TRUE(numbers);
        numbers->scalar.assign(numbers->scalar.size(), octet);
        EXPECT_FALSE(PrivateKey::from_pem(text_of(to_ec_pem(*numbers)))) << int{octet};
    }
}

TEST(EcPkcs8, PointsBesideTheCurveAreNoKeys) {
    auto numbers = from_ec_pem(pem_of(PrivateKey::generate(KeyType::ec_p256).handle()));
    ASSERT_TRUE(numbers);
    numbers->y.back() ^= 1U;
    const auto key = PrivateKey::from_pem(text_of(to_ec_pem(*numbers)));
    ASSERT_FALSE(key);
    EXPECT_THAT(key.error().message, HasSubstr("point is not on P-256"));
}

TEST(EcPkcs8, NumbersOfAnotherLengthAreNotWritten) {
    auto numbers = from_ec_pem(pem_of(PrivateKey::generate(KeyType::ec_p256).handle()));
    ASSERT_TRUE(numbers);
    numbers->curve = KeyAlgorithm::ec_p384;
    EXPECT_THROW((void)to_ec_pem(*numbers), std::logic_error);
    numbers->curve = KeyAlgorithm::ed25519;
    EXPECT_THROW((void)to_ec_pem(*numbers), std::logic_error);
}

}  // namespace
}  // namespace cairn::crypto::ec_pkcs8_test
