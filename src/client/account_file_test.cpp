#include "client/account_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64url.h"

namespace cairn::client::account_file_test {
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

TEST(AccountFile, TakesTheJwkOfAnEdwardsCurve) {
    // RFC 8037 appendix A.1, whose private key is that of RFC 8032 section 7.1, test 1.
    const std::string jwk =
        R"({"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",)"
        R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
    const auto read = read_account_file(jwk);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->key.public_key().algorithm(), crypto::KeyAlgorithm::ed25519);
    // It is written, and read again, as any other.
    const StoredAccount account{
        "https://ca.example/dir", "https://ca.example/1", {}, read->key, ""};
    EXPECT_EQ(read_account_file(account_file_text(account, read->key.to_pem()))->key.public_key(),
              read->key.public_key());
    const auto refuse = [&](std::string_view part, std::string_view other) {
        auto wrong = jwk;
        wrong.replace(wrong.find(part), part.size(), other);
        return read_account_file(wrong) ? "taken" : read_account_file(wrong).error().message;
    };
    EXPECT_EQ(refuse("nWGx", "nWGy"), "its private number does not belong to its point");
    EXPECT_EQ(refuse("nWGx", ""), "an Ed25519 key has not 32 octets");
    EXPECT_EQ(refuse("Ed25519", "X25519"), "its curve is not known here, or does not sign");
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
}  // namespace cairn::client::account_file_test
