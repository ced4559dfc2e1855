#include "client/key_text.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/encrypted_key.h"
#include "crypto/signature.h"
#include "crypto/testing/soft_token.h"

namespace cairn::client::key_text_test {
namespace {

using ::testing::HasSubstr;

std::string text_of(const KeyText& key) {
    return {key.text.begin(), key.text.end()};
}

bool signs(const crypto::Signer& signer) {
    const auto data = base::bytes_of("data");
    return crypto::verify(signer.public_key(), signer.algorithm(), data, signer.sign(data));
}

TEST(KeyTextTest, OfAFileIsTheKey) {
    const auto key = key_in({}, crypto::KeyType::ec_p256, "unused");
    const auto text = text_of(key);
    EXPECT_FALSE(is_reference(text));
    EXPECT_FALSE(leaves_something(text));
    EXPECT_EQ(store_of(text).value(), KeyStore());
    EXPECT_EQ(signer_from(text)->public_key(), key.signer.public_key());
}

TEST(KeyTextTest, OfATokenNeedsItForSignaturesAlone) {
    const crypto::testing::SoftToken token;
    const auto store = KeyStore::from_text(token.uri()).value();
    const auto key = key_in(store, crypto::KeyType::ec_p256, "www.example");
    const auto text = text_of(key);
    EXPECT_THAT(text, HasSubstr("object=www.example"));
    EXPECT_THAT(text, HasSubstr("-----BEGIN PKCS#11 PROVIDER URI-----"));
    EXPECT_EQ(store_of(text).value(), store);
    EXPECT_TRUE(is_reference(text));
    EXPECT_TRUE(leaves_something(text));
    EXPECT_FALSE(leaves_something(leaving_nothing(text)));
    const auto found = signer_from(text).value();
    EXPECT_EQ(found.public_key(), key.signer.public_key());
    EXPECT_TRUE(signs(found));

    remove_key_of(leaving_nothing(text));
    EXPECT_TRUE(signs(signer_from(text).value())) << "nothing was removed";
    remove_key_of(text);
    EXPECT_THROW((void)signer_from(text)->sign({}), crypto::KeyUnavailable);
    EXPECT_EQ(signer_from(text)->public_key(), key.signer.public_key());

    // A key that is named is somebody else's.
    const auto named = KeyStore::from_text(token.uri(";object=web")).value();
    const auto first = key_in(named, crypto::KeyType::ec_p256, "unused");
    const auto second = key_in(named, crypto::KeyType::ec_p256, "unused");
    EXPECT_EQ(first.signer.public_key(), second.signer.public_key());
    EXPECT_FALSE(leaves_something(text_of(first)));
    EXPECT_THROW((void)key_in(named, crypto::KeyType::rsa2048, "unused"), std::runtime_error);
}

TEST(KeyTextTest, OfAnEncryptedFileIsOpenedWhenItSigns) {
    std::string file = std::filesystem::temp_directory_path() / "cairn-key-text-XXXXXX";
    ::close(::mkstemp(file.data()));
    std::ofstream(file) << "open sesame\n";
    const auto store = KeyStore::encrypted({.file = file});
    const auto text = text_of(key_in(store, crypto::KeyType::ec_p256, "unused"));
    EXPECT_TRUE(crypto::has_encrypted_key(text));
    EXPECT_EQ(store_of(text).value(), store);
    const auto signer = signer_from(text).value();
    std::ofstream(file) << "another\n";
    EXPECT_THROW((void)signer.sign({}), crypto::KeyUnavailable);
    std::ofstream(file) << "open sesame\n";
    EXPECT_TRUE(signs(signer));
    std::filesystem::remove(file);
}

TEST(KeyTextTest, IsReadStrictly) {
    for (const auto* const text :
         {"Key-Store: pkcs11:token=a\nKey: pkcs11:\n", "Key-Store: nowhere\n-----BEGIN X-----",
          "Key-Store: tpm2\n", "Key-Store: file?passphrase-file=/a\n"})
        EXPECT_FALSE(signer_from(text)) << text;
}

}  // namespace
}  // namespace cairn::client::key_text_test
