#include "protocol/external_account_binding.h"

#include <gtest/gtest.h>

#include "base/base64url.h"
#include "crypto/digest.h"

namespace cairn::protocol::external_account_binding_test {
namespace {

using base::bytes_of;

constexpr const char* url = "https://example.com/acme/new-account";

// RFC 8037 appendix A.2.
Jwk account_key() {
    return Jwk::from_json(bytes_of(R"({"crv":"Ed25519","kty":"OKP",)"
                                   R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})"))
        .value();
}

base::Bytes mac_key() {
    base::Bytes key;
    for (std::uint8_t octet = 0; octet < 32; ++octet) key.push_back(octet);
    return key;
}

// Computed with Python's hmac from RFC 8555 section 7.3.4.
constexpr const char* vector_text =
    R"({"protected":"eyJhbGciOiJIUzI1NiIsImtpZCI6ImtpZC0xIiwidXJsIjoiaHR0cHM6Ly9leGFtcGxlLmNvbS9hY)"
    R"(21lL25ldy1hY2NvdW50In0",)"
    R"("payload":"eyJjcnYiOiJFZDI1NTE5Iiwia3R5IjoiT0tQIiwieCI6IjExcVlBWUt4Q3JmVlNfN1R5V1FIT2c3aGN2U)"
    R"(GFwaU1scndJYWFQY0hVUm8ifQ",)"
    R"("signature":"Cq2u2Wny6H-enYcA_rZNGJTkSMDxAG2-Ptzq1sNQpks"})";

std::string keyed_with(base::BytesView key, std::string_view header, std::string_view payload) {
    const std::string input =
        base::base64url(bytes_of(header)) + '.' + base::base64url(bytes_of(payload));
    return R"({"protected":")" + base::base64url(bytes_of(header)) + R"(","payload":")" +
           base::base64url(bytes_of(payload)) + R"(","signature":")" +
           base::base64url(crypto::hmac_sha256(key, bytes_of(input))) + "\"}";
}

TEST(ExternalAccountBinding, IsMadeAsOthersMakeIt) {
    EXPECT_EQ(make_external_account_binding(account_key().public_key(), "kid-1", mac_key(), url),
              vector_text);
}

TEST(ExternalAccountBinding, IsReadAndVerified) {
    const auto binding = ExternalAccountBinding::from_json(bytes_of(vector_text));
    ASSERT_TRUE(binding) << binding.error().detail;
    EXPECT_EQ(binding->key_id(), "kid-1");
    EXPECT_EQ(binding->url(), url);
    EXPECT_EQ(binding->account_key().public_key(), account_key().public_key());
    EXPECT_TRUE(binding->is_keyed_with(mac_key()));

    base::Bytes other = mac_key();
    other.back() ^= 1;
    EXPECT_FALSE(binding->is_keyed_with(other));
    EXPECT_FALSE(binding->is_keyed_with({}));
}

TEST(ExternalAccountBinding, IsNotKeyedIfChanged) {
    const std::string header = R"({"alg":"HS256","kid":"kid-2","url":"u"})";
    const std::string text = keyed_with(mac_key(), header, account_key().to_json());
    EXPECT_TRUE(ExternalAccountBinding::from_json(bytes_of(text))->is_keyed_with(mac_key()));

    std::string cut = text;
    cut.replace(cut.find(R"("signature":")"), std::string::npos, R"("signature":""})");
    const auto without_mac = ExternalAccountBinding::from_json(bytes_of(cut));
    ASSERT_TRUE(without_mac);
    EXPECT_FALSE(without_mac->is_keyed_with(mac_key()));

    std::string longer = text;
    longer.insert(longer.size() - 2, "A");
    const auto with_longer_mac = ExternalAccountBinding::from_json(bytes_of(longer));
    ASSERT_TRUE(with_longer_mac);
    EXPECT_FALSE(with_longer_mac->is_keyed_with(mac_key()));
}

TEST(ExternalAccountBinding, RefusesOtherAlgorithms) {
    for (const char* name : {"none", "ES256", "RS256", "HS384", "HS512", "hs256", ""}) {
        const auto binding = ExternalAccountBinding::from_json(bytes_of(
            keyed_with(mac_key(), R"({"alg":")" + std::string(name) + R"(","kid":"k","url":"u"})",
                       account_key().to_json())));
        ASSERT_FALSE(binding) << name;
        EXPECT_EQ(binding.error().type, ProblemType::bad_signature_algorithm) << name;
        EXPECT_EQ(binding.error().algorithms, std::vector<std::string>{"HS256"});
    }
}

TEST(ExternalAccountBinding, RefusesOtherFlawsAsMalformed) {
    const std::string jwk = account_key().to_json();
    const std::string good = R"({"alg":"HS256","kid":"k","url":"u"})";
    const std::string cases[] = {
        "{}",
        R"({"protected":"e30","payload":"e30","signature":"","header":{}})",
        keyed_with(mac_key(), R"({"kid":"k","url":"u"})", jwk),
        keyed_with(mac_key(), R"({"alg":"HS256","url":"u"})", jwk),
        keyed_with(mac_key(), R"({"alg":"HS256","kid":"k"})", jwk),
        keyed_with(mac_key(), R"({"alg":"HS256","kid":1,"url":"u"})", jwk),
        keyed_with(mac_key(), R"({"alg":"HS256","kid":"k","url":null})", jwk),
        keyed_with(mac_key(), R"({"alg":"HS256","kid":"k","nonce":"AA","url":"u"})", jwk),
        keyed_with(mac_key(), R"({"alg":"HS256","kid":"k","url":"u","jwk":)" + jwk + "}", jwk),
        keyed_with(mac_key(), R"({"alg":"HS256","kid":"k","url":"u","crit":["x"]})", jwk),
        keyed_with(mac_key(), good, ""),
        keyed_with(mac_key(), good, "{}"),
        keyed_with(mac_key(), good, R"({"kty":"oct","k":"AA"})"),
    };
    for (const std::string& json : cases) {
        const auto binding = ExternalAccountBinding::from_json(bytes_of(json));
        ASSERT_FALSE(binding) << json;
        EXPECT_EQ(binding.error().type, ProblemType::malformed) << json;
        EXPECT_TRUE(binding.error().detail.starts_with("externalAccountBinding: "));
    }
}

}  // namespace
}  // namespace cairn::protocol::external_account_binding_test
