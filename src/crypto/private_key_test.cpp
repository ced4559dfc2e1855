#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/key.h"
#include "crypto/openssl.h"
#include "crypto/testing/openssl_keys.h"

namespace cairn::crypto::private_key_test {
namespace {

using base::Bytes;
using testing::b64;
using testing::concatenated;
using testing::ec_keygen;
using testing::ed25519_key;
using ::testing::HasSubstr;
using testing::pem_of;
using testing::shared;
using testing::written;

std::string traditional_pem_of(EVP_PKEY* key) {
    return written([&](BIO* target) {
        return PEM_write_bio_PrivateKey_traditional(target, key, nullptr, nullptr, 0, nullptr,
                                                    nullptr);
    });
}

TEST(KeyType, HasNamesThatAreReadBack) {
    for (const KeyType type : {KeyType::ec_p256, KeyType::ec_p384, KeyType::rsa2048,
                               KeyType::rsa3072, KeyType::rsa4096, KeyType::ed25519}) {
        EXPECT_EQ(key_type_from(to_string(type)), type);
    }
    EXPECT_EQ(to_string(KeyType::ec_p384), "ec-p384");
    for (const auto* text : {"", "rsa", "rsa1024", "EC-P256", "ec-p256 ", "ec-p521"}) {
        EXPECT_FALSE(key_type_from(text)) << text;
    }
    EXPECT_THAT(key_type_from("\x1b[2J").error().message, HasSubstr("?[2J is none of"));
}

TEST(PrivateKey, IsAnotherOneEachTime) {
    for (const KeyType type : {KeyType::ec_p256, KeyType::rsa2048, KeyType::ed25519}) {
        EXPECT_FALSE(PrivateKey::generate(type).public_key() ==
                     PrivateKey::generate(type).public_key());
    }
}

TEST(PrivateKey, IsReadInTraditionalForm) {
    for (const KeyType type : {KeyType::ec_p256, KeyType::rsa2048}) {
        const auto key = PrivateKey::generate(type);
        const std::string pem = traditional_pem_of(key.handle());
        EXPECT_THAT(pem, HasSubstr(type == KeyType::rsa2048 ? "BEGIN RSA PRIVATE KEY"
                                                            : "BEGIN EC PRIVATE KEY"));
        const auto reread = PrivateKey::from_pem(pem);
        ASSERT_TRUE(reread) << reread.error().message;
        EXPECT_EQ(reread->public_key(), key.public_key());
        EXPECT_EQ(reread->to_pem(), key.to_pem());
    }
}

TEST(PrivateKey, IsReadBehindParametersAndText) {
    const auto key = PrivateKey::generate(KeyType::ec_p256);
    const std::string pem =
        "my key\n-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
        "-----END EC PARAMETERS-----\n" +
        traditional_pem_of(key.handle());
    const auto reread = PrivateKey::from_pem(pem);
    ASSERT_TRUE(reread) << reread.error().message;
    EXPECT_EQ(reread->public_key(), key.public_key());
}

TEST(PrivateKey, OfP521CanBeRead) {
    const auto key = PrivateKey::from_pem(pem_of(ec_keygen("P-521").get()));
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(key->public_key().algorithm(), KeyAlgorithm::ec_p521);
}

// RFC 8037 appendix A.1, as PKCS#8 (RFC 8410 section 7).
TEST(PrivateKey, OfRfc8037HasItsPublicHalf) {
    const Bytes d = b64("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
    const auto handle =
        shared(EVP_PKEY_new_raw_private_key_ex(nullptr, "ED25519", nullptr, d.data(), d.size()));
    const auto key = PrivateKey::from_pem(pem_of(handle.get()));
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(key->public_key().ed25519_raw(), ed25519_key);
}

TEST(PrivateKey, IsRefusedIfEncrypted) {
    const auto key = PrivateKey::generate(KeyType::ec_p256);
    const std::string pkcs8 = written([&](BIO* target) {
        return PEM_write_bio_PKCS8PrivateKey(target, key.handle(), EVP_aes_128_cbc(), "secret", 6,
                                             nullptr, nullptr);
    });
    EXPECT_THAT(pkcs8, HasSubstr("ENCRYPTED"));
    EXPECT_FALSE(PrivateKey::from_pem(pkcs8));

    const auto* passphrase = reinterpret_cast<const unsigned char*>("secret");
    const std::string traditional = written([&](BIO* target) {
        return PEM_write_bio_PrivateKey_traditional(target, key.handle(), EVP_aes_128_cbc(),
                                                    passphrase, 6, nullptr, nullptr);
    });
    EXPECT_THAT(traditional, HasSubstr("DEK-Info"));
    EXPECT_FALSE(PrivateKey::from_pem(traditional));
}

TEST(PrivateKey, IsRefusedIfItIsNone) {
    const auto key = PrivateKey::generate(KeyType::ec_p256);
    const std::string pem = pem_of(key.handle());
    EXPECT_FALSE(PrivateKey::from_pem(""));
    EXPECT_FALSE(PrivateKey::from_pem("key"));
    EXPECT_FALSE(PrivateKey::from_pem(pem.substr(0, pem.size() / 2)));
    EXPECT_FALSE(PrivateKey::from_pem(std::string(70000, '\n') + pem));
    EXPECT_FALSE(PrivateKey::from_pem(
        written([&](BIO* target) { return PEM_write_bio_PUBKEY(target, key.handle()); })));
}

TEST(PrivateKey, IsRefusedIfItsHalvesAreOfDifferentKeys) {
    const auto one = ec_keygen("P-256");
    const auto other = PrivateKey::generate(KeyType::ec_p256);
    BIGNUM* secret = nullptr;
    ASSERT_EQ(EVP_PKEY_get_bn_param(one.get(), OSSL_PKEY_PARAM_PRIV_KEY, &secret), 1);
    const BigNumberHandle owner(secret);
    const auto point = concatenated(
        Bytes{4}, concatenated(other.public_key().ec_point().x, other.public_key().ec_point().y));

    const Handle<OSSL_PARAM_BLD, &OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret);
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                     point.size());
    const Handle<OSSL_PARAM, &OSSL_PARAM_free> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    const PkeyContextHandle context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    EVP_PKEY* made = nullptr;
    require(EVP_PKEY_fromdata_init(context.get()) == 1 &&
                EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEYPAIR, parameters.get()) == 1,
            "a key of two halves");
    const auto mixed = shared(made);
    EXPECT_FALSE(PrivateKey::from_pem(pem_of(mixed.get())));
}

TEST(PrivateKeyText, ThatIsEmptyIsNoKey) {
    const auto key = PrivateKey::from_pem({});
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().message, "not an unencrypted private key in PEM: it is empty");
}

}  // namespace
}  // namespace cairn::crypto::private_key_test
