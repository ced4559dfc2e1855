#include "client/account_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64url.h"

namespace cairn::client {
namespace {

using crypto::KeyType;
using crypto::PrivateKey;

TEST(AccountFile, TakesBackWhatItGave) {
    for (const auto type : {KeyType::ec_p256, KeyType::rsa2048}) {
        const auto key = PrivateKey::generate(type);
        const StoredAccount account{
            "https://ca.example/dir", "https://ca.example/1", {"mailto:a@x"}, key, "web"};
        const auto read = read_account_file(account_file_text(account, key.to_pem()));
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(read->key.public_key(), key.public_key());
        EXPECT_EQ(read->directory_url, "https://ca.example/dir");
        EXPECT_EQ(read->name, "web");
    }
}

TEST(AccountFile, TakesPem) {
    const auto key = PrivateKey::generate(KeyType::ec_p384);
    const auto read =
        read_account_file("\n" + std::string(base::text_of(base::BytesView(key.to_pem()))));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->key.public_key(), key.public_key());
    EXPECT_EQ(read->directory_url, "");
}

TEST(AccountFile, TakesTheJwkOfAnEllipticCurve) {
    // RFC 7517 appendix A.2.
    const std::string jwk =
        R"({"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",)"
        R"("y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",)"
        R"("d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE","use":"enc","kid":"1"})";
    const auto read = read_account_file(jwk);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(base::base64url(read->key.public_key().ec_point().x),
              "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4");
    auto wrong = jwk;
    wrong.replace(wrong.find("870M"), 4, "871M");
    EXPECT_FALSE(read_account_file(wrong)) << "its number is of another point";
}

TEST(AccountFile, RefusesWhatIsNoAccountAndQuotesNothing) {
    for (const auto* text :
         {"", "{", "{}", "secret", R"({"kty":"oct","k":"secret"})", R"({"kty":"RSA","n":"AQAB"})",
          R"({"kty":"EC","crv":"secp256k1","x":"AA","y":"AA","d":"AA"})",
          R"({"ca":"https://x/","key":"secret"})"}) {
        const auto read = read_account_file(text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().message.find("secret"), std::string::npos);
    }
}

}  // namespace
}  // namespace cairn::client
