#include "crypto/pkcs11/key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/key_unavailable.h"
#include "crypto/signature.h"
#include "crypto/testing/soft_token.h"

namespace cairn::crypto::key_test {
namespace {

using ::testing::HasSubstr;
using testing::SoftToken;

class Pkcs11KeyTest : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { token_ = new SoftToken; }
    static void TearDownTestSuite() { delete token_; }
    static Pkcs11Uri uri(const std::string& more = {}) {
        return Pkcs11Uri::from_text(token_->uri(more)).value();
    }
    static SoftToken* token_;
};
SoftToken* Pkcs11KeyTest::token_ = nullptr;

TEST_F(Pkcs11KeyTest, SignsByKeysThatItMade) {
    const auto data = base::bytes_of("to be signed");
    for (const auto type : {KeyType::ec_p256, KeyType::ec_p384, KeyType::rsa2048}) {
        const auto key = Pkcs11Key::make(uri(), type, "made");
        const auto signer = Pkcs11Key::signer(key.uri, key.public_key);
        EXPECT_TRUE(verify(key.public_key, signer.algorithm(), data, signer.sign(data)));
        Pkcs11Key::remove(key.uri);
        EXPECT_FALSE(Pkcs11Key::find(key.uri));
    }
}

TEST_F(Pkcs11KeyTest, IsFoundByItsLabel) {
    const auto made = Pkcs11Key::make(uri(";object=web"), KeyType::ec_p256, "unused");
    const auto found = Pkcs11Key::find(uri(";object=web"));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->uri, made.uri);
    EXPECT_EQ(found->public_key, made.public_key);
    EXPECT_FALSE(Pkcs11Key::find(uri(";object=other")));
    Pkcs11Key::remove(made.uri);
}

TEST_F(Pkcs11KeyTest, WhoseTokenHasAnotherKeyIsUnavailable) {
    const auto made = Pkcs11Key::make(uri(), KeyType::ec_p256, "one");
    const auto other = PrivateKey::generate(KeyType::ec_p256);
    EXPECT_THROW((void)Pkcs11Key::signer(made.uri, other.public_key()).sign({}), KeyUnavailable);
    Pkcs11Key::remove(made.uri);
    EXPECT_THROW((void)Pkcs11Key::signer(made.uri, made.public_key).sign({}), KeyUnavailable);
}

TEST_F(Pkcs11KeyTest, TellsWhichTokensThereAre) {
    auto wanted = uri();
    wanted.token = "another";
    try {
        Pkcs11Key::require_token(wanted);
        FAIL();
    } catch (const KeyUnavailable& error) {
        EXPECT_THAT(error.what(), HasSubstr("token=another"));
        EXPECT_THAT(error.what(), HasSubstr("unit"));
    }
    wanted.module_path = "/nowhere.so";
    wanted.module_name.clear();
    EXPECT_THROW(Pkcs11Key::require_token(wanted), KeyUnavailable);
}

TEST_F(Pkcs11KeyTest, TriesAWrongPinOnceAndNeverTellsIt) {
    token_->write_pin("wrong-0815");
    const auto refusal = [] {
        try {
            Pkcs11Key::require_token(uri());
            return std::string("let in");
        } catch (const KeyUnavailable& error) {
            return std::string(error.what());
        }
    };
    const auto first = refusal(), second = refusal();
    token_->write_pin(SoftToken::pin);
    EXPECT_THAT(first, HasSubstr("CKR_PIN_INCORRECT"));
    EXPECT_THAT(second, HasSubstr("not tried again"));
    EXPECT_THAT(first + second, ::testing::Not(HasSubstr("0815")));
    Pkcs11Key::require_token(uri());
}

}  // namespace
}  // namespace cairn::crypto::key_test
