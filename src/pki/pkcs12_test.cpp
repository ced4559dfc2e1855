#include "pki/pkcs12.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <openssl/pkcs12.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/openssl.h"
#include "crypto/random.h"
#include "pki/certificate_builder.h"

namespace cairn::pki::pkcs12_test {
namespace {

using ::testing::HasSubstr;

class Pkcs12Test : public ::testing::Test {
  protected:
    Pkcs12Test()
        : key_(crypto::PrivateKey::generate(crypto::KeyType::ec_p256)),
          root_(make_root_certificate({.serial = SerialNumber::random(random_),
                                       .validity = {now_, now_ + std::chrono::days(2)},
                                       .common_name = "Root",
                                       .organization = "Test",
                                       .path_length = std::nullopt},
                                      root_key_)),
          intermediate_(
              make_intermediate_certificate({.serial = SerialNumber::random(random_),
                                             .validity = {now_, now_ + std::chrono::days(1)},
                                             .common_name = "Intermediate",
                                             .organization = "Test",
                                             .path_length = 0},
                                            key_.public_key(), root_, root_key_)) {}

    // `mac_rounds`: 0: without a MAC.
    [[nodiscard]] base::Bytes file(const char* passphrase, bool with_certificate = true,
                                   bool with_key = true, int mac_rounds = 100) const {
        STACK_OF(X509)* const others = sk_X509_new_null();
        sk_X509_push(others, root_.handle());
        const crypto::Handle<PKCS12, &PKCS12_free> made(
            PKCS12_create(passphrase, "issuer", with_key ? key_.handle() : nullptr,
                          with_certificate ? intermediate_.handle() : nullptr, others, 0, 0, 0,
                          mac_rounds == 0 ? -1 : mac_rounds, 0));
        sk_X509_free(others);
        EXPECT_TRUE(made) << crypto::openssl_error();
        unsigned char* der = nullptr;
        const int size = i2d_PKCS12(made.get(), &der);
        base::Bytes octets(der, der + size);
        OPENSSL_free(der);
        return octets;
    }
    static std::string refusal(const base::Bytes& octets, std::string_view passphrase) {
        const auto read = read_pkcs12(octets, base::bytes_of(passphrase));
        return read ? "" : read.error().message;
    }

    const base::Time now_{base::Seconds{1'800'000'000}};
    crypto::SystemRandom random_;
    const crypto::PrivateKey key_;
    const crypto::PrivateKey root_key_ = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const Certificate root_, intermediate_;
};

TEST_F(Pkcs12Test, HoldsAKeyAndItsCertificates) {
    const auto octets = file("s\xC3\xA9same");
    EXPECT_TRUE(is_pkcs12(octets));
    EXPECT_FALSE(opens_without_passphrase(octets));
    const auto read = read_pkcs12(octets, base::bytes_of("s\xC3\xA9same"));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->key.public_key(), key_.public_key());
    EXPECT_THAT(read->certificates, ::testing::UnorderedElementsAre(intermediate_, root_));
}

TEST_F(Pkcs12Test, MayHaveNoPassphrase) {
    for (const auto* passphrase : {"", static_cast<const char*>(nullptr)}) {
        const auto octets = file(passphrase);
        EXPECT_TRUE(opens_without_passphrase(octets));
        const auto read = read_pkcs12(octets, {});
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(read->key.public_key(), key_.public_key());
    }
}

TEST_F(Pkcs12Test, IsRefusedWithItsReason) {
    const auto octets = file("secret");
    EXPECT_THAT(refusal(octets, "other"), HasSubstr("the passphrase does not open"));
    EXPECT_THAT(refusal(octets, ""), HasSubstr("is encrypted, and there is no passphrase"));
    const base::Bytes cut(octets.begin(), octets.end() - 1);
    EXPECT_TRUE(is_pkcs12(cut));
    EXPECT_EQ(refusal(cut, "secret"), "the PKCS#12 file is cut short: it has " +
                                          std::to_string(cut.size()) + " octets, and says it has " +
                                          std::to_string(octets.size()));
    auto longer = octets;
    longer.push_back(0);
    EXPECT_THAT(refusal(longer, "secret"), HasSubstr("octets follow"));
    EXPECT_THAT(refusal(file("secret", true, true, 0), "secret"), HasSubstr("has no MAC"));
    EXPECT_THAT(refusal(file("secret", false, false), "secret"), HasSubstr("no private key"));
    EXPECT_THAT(refusal(base::Bytes(2U << 20U, 0x30), "secret"), HasSubstr("octets"));
    for (const auto& other : {base::Bytes{}, base::Bytes{0x30}, base::Bytes{0x30, 0x03, 0x02, 0x01},
                              intermediate_.der(), base::Bytes{0x30, 0x80, 0x02}}) {
        EXPECT_FALSE(is_pkcs12(other));
        EXPECT_NE(refusal(other, ""), "");
    }
}

// Whoever wrote the file must not decide how long it takes to open it.
TEST_F(Pkcs12Test, IsRefusedIfItWantsTooManyRounds) {
    auto octets = file("secret", true, true, 65536);
    const base::Bytes rounds{0x02, 0x03, 0x01, 0x00, 0x00};
    const auto at = std::ranges::find_end(octets, rounds).begin();
    ASSERT_NE(at, octets.end());
    *(at + 2) = 0x7f;
    EXPECT_THAT(refusal(octets, "secret"), HasSubstr("more than 2000000 rounds"));
}

}  // namespace
}  // namespace cairn::pki::pkcs12_test
