#include "protocol/jws.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64url.h"

namespace cairn::protocol::jws_test {
namespace {

using base::bytes_of;
using crypto::KeyType;
using crypto::PrivateKey;
using ::testing::Contains;

constexpr const char* url = "https://example.com/acme/new-account";
constexpr const char* account_url = "https://example.com/acme/account/1";

// RFC 8037 appendix A.1.
constexpr const char* ed25519_pem =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";

std::string encoded(std::string_view text) {
    return base::base64url(bytes_of(text));
}

std::string serialized(std::string_view protected_text, std::string_view payload,
                       base::BytesView signature) {
    return R"({"protected":")" + std::string(protected_text) + R"(","payload":")" +
           std::string(payload) + R"(","signature":")" + base::base64url(signature) + "\"}";
}

/// A JWS over any protected header, signed by `key`.
std::string signed_with(const PrivateKey& key, std::string_view header) {
    const std::string protected_text = encoded(header);
    return serialized(protected_text, "e30", crypto::sign(key, bytes_of(protected_text + ".e30")));
}

/// A JWS whose signature is never looked at.
std::string unsigned_with(std::string_view header) {
    return serialized(encoded(header), "e30", {});
}

std::string jwk_of(const PrivateKey& key) {
    return Jwk::of(key.public_key()).to_json();
}

/// One key of each kind; made once, since RSA keys take their time.
const PrivateKey& key_of(KeyType type) {
    static const PrivateKey p256 = PrivateKey::generate(KeyType::ec_p256);
    static const PrivateKey p384 = PrivateKey::generate(KeyType::ec_p384);
    static const PrivateKey ed25519 = PrivateKey::generate(KeyType::ed25519);
    static const PrivateKey rsa = PrivateKey::generate(KeyType::rsa2048);
    switch (type) {
        case KeyType::ec_p256:
            return p256;
        case KeyType::ec_p384:
            return p384;
        case KeyType::ed25519:
            return ed25519;
        default:
            return rsa;
    }
}

constexpr KeyType key_types[] = {KeyType::ec_p256, KeyType::ec_p384, KeyType::ed25519,
                                 KeyType::rsa2048};

TEST(Jws, WithJwkIsReadAsMade) {
    for (const KeyType type : key_types) {
        const PrivateKey& key = key_of(type);
        const std::string text = make_jws(key, {url, "bm9uY2U", ""}, R"({"a":1})");
        const auto jws = Jws::from_json(bytes_of(text), Jws::Nonce::required);
        ASSERT_TRUE(jws) << jws.error().detail;
        EXPECT_EQ(jws->algorithm(), crypto::algorithm_for(key.public_key()));
        EXPECT_EQ(jws->nonce(), "bm9uY2U");
        EXPECT_EQ(jws->url(), url);
        EXPECT_EQ(jws->kid(), std::nullopt);
        ASSERT_TRUE(jws->jwk());
        EXPECT_EQ(jws->jwk()->public_key(), key.public_key());
        EXPECT_EQ(base::text_of(jws->payload()), R"({"a":1})");
        EXPECT_TRUE(jws->is_signed_by(key.public_key()));
    }
}

TEST(Jws, WithKidIsReadAsMade) {
    for (const KeyType type : key_types) {
        const PrivateKey& key = key_of(type);
        const std::string text = make_jws(key, {url, "bm9uY2U", account_url}, "");
        const auto jws = Jws::from_json(bytes_of(text), Jws::Nonce::required);
        ASSERT_TRUE(jws) << jws.error().detail;
        EXPECT_EQ(jws->kid(), account_url);
        EXPECT_FALSE(jws->jwk());
        EXPECT_TRUE(jws->payload().empty());
        EXPECT_TRUE(jws->is_signed_by(key.public_key()));
        for (const KeyType other : key_types) {
            EXPECT_EQ(jws->is_signed_by(key_of(other).public_key()), other == type);
        }
    }
}

TEST(Jws, WithoutNonceIsReadWhereNoneMayBe) {
    const PrivateKey& key = key_of(KeyType::ec_p256);
    const auto jws =
        Jws::from_json(bytes_of(make_jws(key, {url, "", ""}, "{}")), Jws::Nonce::forbidden);
    ASSERT_TRUE(jws) << jws.error().detail;
    EXPECT_EQ(jws->nonce(), "");
    EXPECT_TRUE(jws->is_signed_by(key.public_key()));
}

// Ed25519 signatures are deterministic; this text was made with Python's cryptography package from
// the key of RFC 8037 appendix A.
TEST(Jws, IsMadeAsOthersMakeIt) {
    const PrivateKey key = PrivateKey::from_pem(ed25519_pem).value();
    EXPECT_EQ(
        make_jws(key, {url, "bm9uY2U", ""}, R"({"termsOfServiceAgreed":true})"),
        R"({"protected":"eyJhbGciOiJFZERTQSIsImp3ayI6eyJjcnYiOiJFZDI1NTE5Iiwia3R5IjoiT0tQIiwieCI6Ij)"
        R"(ExcVlBWUt4Q3JmVlNfN1R5V1FIT2c3aGN2UGFwaU1scndJYWFQY0hVUm8ifSwibm9uY2UiOiJibTl1WTJVIiwid)"
        R"(XJsIjoiaHR0cHM6Ly9leGFtcGxlLmNvbS9hY21lL25ldy1hY2NvdW50In0",)"
        R"("payload":"eyJ0ZXJtc09mU2VydmljZUFncmVlZCI6dHJ1ZX0",)"
        R"("signature":"kMh73ZdvHeFDX7sULr1C8HdjArglKA3v3kf9PVWoOt3zgKdFkW1jD6YVajeMU2W_2Q8408Mv685)"
        R"(gRpQcWvNxBw"})");
}

// RFC 9864 names the algorithm for Ed25519 anew.
TEST(Jws, TakesBothNamesOfEd25519) {
    const PrivateKey& key = key_of(KeyType::ed25519);
    for (const char* name : {"EdDSA", "Ed25519"}) {
        const auto jws =
            Jws::from_json(bytes_of(signed_with(key, R"({"alg":")" + std::string(name) +
                                                         R"(","nonce":"AA","url":"u","jwk":)" +
                                                         jwk_of(key) + "}")),
                           Jws::Nonce::required);
        ASSERT_TRUE(jws) << jws.error().detail;
        EXPECT_TRUE(jws->is_signed_by(key.public_key()));
    }
}

TEST(Jws, SignatureCoversTheOctetsAsReceived) {
    const PrivateKey& key = key_of(KeyType::ec_p256);
    // White space, order and escapes that our writer never produces.
    const auto jws = Jws::from_json(
        bytes_of(signed_with(key,
                             " { \"url\" : \"\\u0075\" ,\n\"kid\":\"k\", \"nonce\":\"AA\","
                             "\"extra\":[1,{}], \"\\u0061lg\":\"ES256\" } ")),
        Jws::Nonce::required);
    ASSERT_TRUE(jws) << jws.error().detail;
    EXPECT_EQ(jws->url(), "u");
    EXPECT_TRUE(jws->is_signed_by(key.public_key()));
}

// Check 32.
TEST(Jws, ChangedAnywhereIsNotSigned) {
    const PrivateKey& key = key_of(KeyType::ec_p256);
    const std::string protected_text =
        encoded(R"({"alg":"ES256","kid":"k","nonce":"AA","url":"u"})");
    const std::string other_protected =
        encoded(R"({"alg":"ES256","kid":"k","nonce":"AA","url":"v"})");
    const base::Bytes signature = crypto::sign(key, bytes_of(protected_text + ".e30"));
    const auto is_signed = [&](std::string_view its_protected, std::string_view payload,
                               const base::Bytes& its_signature) {
        return Jws::from_json(bytes_of(serialized(its_protected, payload, its_signature)),
                              Jws::Nonce::required)
            .value()
            .is_signed_by(key.public_key());
    };
    EXPECT_TRUE(is_signed(protected_text, "e30", signature));
    EXPECT_FALSE(is_signed(other_protected, "e30", signature));
    EXPECT_FALSE(is_signed(protected_text, "", signature));
    EXPECT_FALSE(is_signed(protected_text, "e30", {}));
    for (std::size_t bit = 0; bit < signature.size() * 8; bit += 37) {
        base::Bytes flipped = signature;
        flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1U << (bit % 8)));
        EXPECT_FALSE(is_signed(protected_text, "e30", flipped)) << bit;
    }
}

// Conformance of alg and key where the key is not in the header: ES256 by a P-384 key.
TEST(Jws, AlgorithmThatDoesNotFitTheKeyIsNotSigned) {
    const PrivateKey& key = key_of(KeyType::ec_p384);
    const auto jws = Jws::from_json(
        bytes_of(signed_with(key, R"({"alg":"ES256","kid":"k","nonce":"AA","url":"u"})")),
        Jws::Nonce::required);
    ASSERT_TRUE(jws);
    EXPECT_FALSE(jws->is_signed_by(key.public_key()));
}

TEST(Jws, RefusesAlgorithmsAndListsWhatItTakes) {
    const std::string jwk = jwk_of(key_of(KeyType::ec_p256));
    for (const char* name : {"none", "HS256", "HS384", "HS512", "PS1", "RS1", "RS224", "ps256",
                             "ES256K", "es256", "ES256 ", "", "ML-DSA-44"}) {
        for (const auto& text :
             {R"({"alg":")" + std::string(name) + R"(","nonce":"AA","url":"u","jwk":)" + jwk + "}",
              R"({"alg":")" + std::string(name) + R"(","nonce":"AA","url":"u","kid":"k"})"}) {
            const auto jws = Jws::from_json(bytes_of(unsigned_with(text)), Jws::Nonce::required);
            ASSERT_FALSE(jws) << name;
            EXPECT_EQ(jws.error().type, ProblemType::bad_signature_algorithm) << name;
            EXPECT_EQ(jws.error().algorithms, accepted_algorithms());
        }
    }
}

TEST(AcceptedAlgorithms, AreThoseThatAreRead) {
    EXPECT_THAT(accepted_algorithms(), Contains("ES256"));
    EXPECT_THAT(accepted_algorithms(), Contains("EdDSA"));
    EXPECT_THAT(accepted_algorithms(), Contains("PS256"));
    EXPECT_THAT(accepted_algorithms(), Contains("RS384"));
    for (const std::string& name : accepted_algorithms()) {
        EXPECT_TRUE(crypto::signature_algorithm_from(name)) << name;
    }
}

TEST(Jws, RefusesHeaders) {
    const std::string jwk = jwk_of(key_of(KeyType::ec_p256));
    const struct {
        std::string header;
        ProblemType type;
        int status;
    } cases[] = {
        // alg
        {R"({"kid":"k","nonce":"AA","url":"u"})", ProblemType::malformed, 400},
        {R"({"alg":1,"kid":"k","nonce":"AA","url":"u"})", ProblemType::malformed, 400},
        {R"({"alg":null,"kid":"k","nonce":"AA","url":"u"})", ProblemType::malformed, 400},
        {R"({"alg":["ES256"],"kid":"k","nonce":"AA","url":"u"})", ProblemType::malformed, 400},
        // jwk and kid
        {R"({"alg":"ES256","nonce":"AA","url":"u"})", ProblemType::malformed, 400},
        {R"({"alg":"ES256","kid":"k","nonce":"AA","url":"u","jwk":)" + jwk + "}",
         ProblemType::malformed, 400},
        {R"({"alg":"ES256","kid":null,"nonce":"AA","url":"u","jwk":)" + jwk + "}",
         ProblemType::malformed, 400},
        {R"({"alg":"ES256","kid":"k","nonce":"AA","url":"u","jwk":null})", ProblemType::malformed,
         400},
        {R"({"alg":"ES256","kid":1,"nonce":"AA","url":"u"})", ProblemType::malformed, 400},
        {R"({"alg":"ES256","jwk":"k","nonce":"AA","url":"u"})", ProblemType::malformed, 400},
        {R"({"alg":"ES256","jwk":{},"nonce":"AA","url":"u"})", ProblemType::malformed, 400},
        {R"({"alg":"ES256","jwk":{"kty":"oct"},"nonce":"AA","url":"u"})",
         ProblemType::bad_public_key, 400},
        // an alg that does not fit the jwk
        {R"({"alg":"RS256","nonce":"AA","url":"u","jwk":)" + jwk + "}", ProblemType::malformed,
         400},
        {R"({"alg":"ES384","nonce":"AA","url":"u","jwk":)" + jwk + "}", ProblemType::malformed,
         400},
        // url
        {R"({"alg":"ES256","kid":"k","nonce":"AA"})", ProblemType::unauthorized, 403},
        {R"({"alg":"ES256","kid":"k","nonce":"AA","url":1})", ProblemType::malformed, 400},
        // nonce
        {R"({"alg":"ES256","kid":"k","url":"u"})", ProblemType::bad_nonce, 400},
        {R"({"alg":"ES256","kid":"k","nonce":1,"url":"u"})", ProblemType::malformed, 400},
        {R"({"alg":"ES256","kid":"k","nonce":null,"url":"u"})", ProblemType::malformed, 400},
        {R"({"alg":"ES256","kid":"k","nonce":["AA"],"url":"u"})", ProblemType::malformed, 400},
        {R"({"alg":"ES256","kid":"k","nonce":"A+/A","url":"u"})", ProblemType::malformed, 400},
        {R"({"alg":"ES256","kid":"k","nonce":"AA==","url":"u"})", ProblemType::malformed, 400},
        {R"({"alg":"ES256","kid":"k","nonce":"A A","url":"u"})", ProblemType::malformed, 400},
        // what the serialization refuses
        {R"({"alg":"ES256","kid":"k","nonce":"AA","url":"u","crit":["x"]})", ProblemType::malformed,
         400},
    };
    for (const auto& [header, type, status] : cases) {
        const auto jws = Jws::from_json(bytes_of(unsigned_with(header)), Jws::Nonce::required);
        ASSERT_FALSE(jws) << header;
        EXPECT_EQ(jws.error().type, type) << header << jws.error().detail;
        EXPECT_EQ(jws.error().status, status) << header;
    }
}

// RFC 8555 section 7.3.5.
TEST(Jws, RefusesNonceAndMissingUrlWhereNoNonceMayBe) {
    for (const char* header :
         {R"({"alg":"ES256","kid":"k","nonce":"AA","url":"u"})",
          R"({"alg":"ES256","kid":"k","nonce":"","url":"u"})", R"({"alg":"ES256","kid":"k"})"}) {
        const auto jws = Jws::from_json(bytes_of(unsigned_with(header)), Jws::Nonce::forbidden);
        ASSERT_FALSE(jws) << header;
        EXPECT_EQ(jws.error().type, ProblemType::malformed) << header;
    }
}

TEST(Jws, DoesNotEchoWhatThePeerWrote) {
    const std::string name = "\x1b[2J" + std::string(10'000, 'x');
    const auto jws =
        Jws::from_json(bytes_of(unsigned_with("{\"alg\":\"\\u001b[2J" + name.substr(4) +
                                              "\",\"kid\":\"k\",\"nonce\":\"AA\",\"url\":\"u\"}")),
                       Jws::Nonce::required);
    ASSERT_FALSE(jws);
    EXPECT_LT(jws.error().detail.size(), 200U);
    EXPECT_EQ(jws.error().detail.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace cairn::protocol::jws_test
