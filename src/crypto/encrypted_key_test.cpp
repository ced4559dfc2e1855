#include "crypto/encrypted_key.h"

#include <algorithm>
#include <string>
#include <vector>

#include <openssl/pkcs12.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/openssl.h"

namespace cairn::crypto::encrypted_key_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

base::BytesView octets(std::string_view text) {
    return base::bytes_of(text);
}

// As `openssl pkcs8 -topk8` writes it, with these rounds.
std::string sealed_by_pbkdf2(const PrivateKey& key, std::string_view passphrase, int rounds) {
    const Handle<PKCS8_PRIV_KEY_INFO, &PKCS8_PRIV_KEY_INFO_free> plain(
        EVP_PKEY2PKCS8(key.handle()));
    const Handle<X509_SIG, &X509_SIG_free> sealed(
        PKCS8_encrypt(-1, EVP_aes_256_cbc(), passphrase.data(), static_cast<int>(passphrase.size()),
                      nullptr, 0, rounds, plain.get()));
    const BioHandle target(BIO_new(BIO_s_mem()));
    EXPECT_EQ(PEM_write_bio_PKCS8(target.get(), sealed.get()), 1);
    BUF_MEM* memory = nullptr;
    BIO_get_mem_ptr(target.get(), &memory);
    return {memory->data, memory->length};
}

// As former versions of OpenSSL wrote it.
std::string sealed_traditionally(const PrivateKey& key, std::string passphrase) {
    const BioHandle target(BIO_new(BIO_s_mem()));
    EXPECT_EQ(
        PEM_write_bio_PrivateKey_traditional(target.get(), key.handle(), EVP_aes_128_cbc(),
                                             reinterpret_cast<unsigned char*>(passphrase.data()),
                                             static_cast<int>(passphrase.size()), nullptr, nullptr),
        1);
    BUF_MEM* memory = nullptr;
    BIO_get_mem_ptr(target.get(), &memory);
    return {memory->data, memory->length};
}

std::string refusal(std::string_view pem, std::string_view passphrase) {
    const auto key = encrypted_key_from_pem(pem, octets(passphrase));
    return key ? "" : key.error().message;
}

TEST(EncryptedKeyTest, IsOpenedByItsPassphraseAlone) {
    for (const auto type : {KeyType::ec_p256, KeyType::ed25519}) {
        const auto key = PrivateKey::generate(type);
        std::vector forms{to_encrypted_pem(key, octets("p\xC3\xA4ss")),
                          sealed_by_pbkdf2(key, "p\xC3\xA4ss", 100)};
        // Ed25519 has no traditional form.
        if (type != KeyType::ed25519) forms.push_back(sealed_traditionally(key, "p\xC3\xA4ss"));
        for (const auto& pem : forms) {
            EXPECT_TRUE(has_encrypted_key(pem));
            EXPECT_FALSE(PrivateKey::from_pem(pem));
            const auto opened = encrypted_key_from_pem(pem, octets("p\xC3\xA4ss"));
            ASSERT_TRUE(opened) << opened.error().message;
            EXPECT_EQ(opened->public_key(), key.public_key());
            for (const auto* wrong : {"pass", ""})
                EXPECT_THAT(refusal(pem, wrong), HasSubstr("the passphrase is wrong")) << pem;
        }
    }
}

TEST(EncryptedKeyTest, IsWrittenByScryptAndAes) {
    const auto pem = to_encrypted_pem(PrivateKey::generate(KeyType::ec_p256), octets("secret"));
    EXPECT_TRUE(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    EXPECT_EQ(pem.find("secret"), std::string::npos);
    EXPECT_NE(pem, to_encrypted_pem(PrivateKey::generate(KeyType::ec_p256), octets("secret")));
    const BioHandle source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const Handle<X509_SIG, &X509_SIG_free> sealed(
        PEM_read_bio_PKCS8(source.get(), nullptr, nullptr, nullptr));
    const X509_ALGOR* algorithm = nullptr;
    X509_SIG_get0(sealed.get(), &algorithm, nullptr);
    const ASN1_OBJECT* object = nullptr;
    X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
    EXPECT_EQ(OBJ_obj2nid(object), NID_pbes2);
}

TEST(EncryptedKeyTest, IsRefusedWithItsReason) {
    const auto key = PrivateKey::generate(KeyType::ec_p256);
    const auto sealed = to_encrypted_pem(key, octets("secret"));
    EXPECT_THAT(refusal(sealed.substr(0, sealed.size() / 2), "secret"),
                HasSubstr("encrypted private key cannot be read"));
    EXPECT_THAT(refusal(std::string(70'000, 'x'), "secret"), HasSubstr("65536"));
    EXPECT_THAT(refusal("", "secret"), Not(::testing::IsEmpty()));
    EXPECT_FALSE(has_encrypted_key("-----BEGIN PRIVATE KEY-----"));
}

// Whoever wrote the file must not decide how long a start takes.
TEST(EncryptedKeyTest, IsRefusedIfItWantsTooManyRounds) {
    const auto key = PrivateKey::generate(KeyType::ec_p256);
    auto sealed = sealed_by_pbkdf2(key, "secret", 65536);
    const BioHandle source(BIO_new_mem_buf(sealed.data(), static_cast<int>(sealed.size())));
    const Handle<X509_SIG, &X509_SIG_free> parsed(
        PEM_read_bio_PKCS8(source.get(), nullptr, nullptr, nullptr));
    unsigned char* der = nullptr;
    const int size = i2d_X509_SIG(parsed.get(), &der);
    ASSERT_GT(size, 0);
    base::Bytes octets_of_key(der, der + size);
    OPENSSL_free(der);
    const base::Bytes rounds{0x02, 0x03, 0x01, 0x00, 0x00};
    const auto at = std::ranges::search(octets_of_key, rounds).begin();
    ASSERT_NE(at, octets_of_key.end());
    *(at + 2) = 0x7f;
    const unsigned char* data = octets_of_key.data();
    const Handle<X509_SIG, &X509_SIG_free> changed(
        d2i_X509_SIG(nullptr, &data, static_cast<long>(octets_of_key.size())));
    const BioHandle target(BIO_new(BIO_s_mem()));
    ASSERT_EQ(PEM_write_bio_PKCS8(target.get(), changed.get()), 1);
    BUF_MEM* memory = nullptr;
    BIO_get_mem_ptr(target.get(), &memory);
    EXPECT_THAT(refusal({memory->data, memory->length}, "secret"), HasSubstr("more work"));
}

}  // namespace
}  // namespace cairn::crypto::encrypted_key_test
