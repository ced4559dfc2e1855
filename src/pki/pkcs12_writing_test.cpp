#include "pki/pkcs12_writing.h"

#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/random.h"
#include "pki/certificate_builder.h"
#include "pki/pkcs12.h"

namespace cairn::pki::pkcs12_writing_test {
namespace {

TEST(Pkcs12Writing, WhatIsWrittenIsReadByItsPassphraseAlone) {
    crypto::SystemRandom random;
    const base::Time now = std::chrono::sys_days{std::chrono::year{2026} / 11 / 30};
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const auto root_key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const auto root = make_root_certificate({.serial = SerialNumber::random(random),
                                             .validity = {now, now + std::chrono::days(2)},
                                             .common_name = "Root",
                                             .organization = "Test",
                                             .path_length = std::nullopt},
                                            root_key);
    const auto leaf = make_intermediate_certificate({.serial = SerialNumber::random(random),
                                                     .validity = {now, now + std::chrono::days(1)},
                                                     .common_name = "Intermediate",
                                                     .organization = "Test",
                                                     .path_length = 0},
                                                    key.public_key(), root, root_key);
    const std::vector<Certificate> chain{leaf, root};
    constexpr std::string_view passphrase = "correct horse";
    const base::SecretBytes secret(passphrase.begin(), passphrase.end());
    for (const auto protection : {Pkcs12Protection::pbes2, Pkcs12Protection::legacy}) {
        const auto file = write_pkcs12(key, chain, "web", secret, protection);
        ASSERT_TRUE(is_pkcs12(file));
        const auto read = read_pkcs12(file, base::bytes_of(passphrase));
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(read->key.public_key(), key.public_key());
        EXPECT_EQ(read->certificates.size(), 2U);
        EXPECT_FALSE(read_pkcs12(file, base::bytes_of("wrong horse")));
        EXPECT_FALSE(opens_without_passphrase(file));
        // Another salt each time.
        EXPECT_NE(file, write_pkcs12(key, chain, "web", secret, protection));
    }
}

}  // namespace
}  // namespace cairn::pki::pkcs12_writing_test
