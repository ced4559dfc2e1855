#include "protocol/key_authorization.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/base64url.h"

namespace cairn::protocol::key_authorization_test {
namespace {

/// The thumbprint of the example key of RFC 7638 section 3.1.
crypto::Sha256Digest example_thumbprint() {
    const base::Bytes octets =
        base::from_base64url("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs").value();
    crypto::Sha256Digest thumbprint{};
    std::ranges::copy(octets, thumbprint.begin());
    return thumbprint;
}

class Counting final : public crypto::Random {
  public:
    void fill(std::span<std::uint8_t> octets) override {
        for (std::uint8_t& octet : octets) octet = next_++;
    }

  private:
    std::uint8_t next_ = 0;
};

TEST(Token, HoldsThirtyTwoRandomOctets) {
    Counting random;
    const Token token = Token::random(random);
    EXPECT_EQ(token.text(), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
    EXPECT_NE(Token::random(random), token);
    EXPECT_EQ(Token::from_text(token.text()).value(), token);
}

TEST(Token, IsBase64urlTextOf22To256Characters) {
    for (const std::string& text :
         {std::string(22, 'a'), std::string(256, '_'), std::string("DGyRejmCefe7v4NfDGDKfA")}) {
        ASSERT_TRUE(Token::from_text(text)) << text;
        EXPECT_EQ(Token::from_text(text)->text(), text);
    }
    for (const std::string& text :
         {std::string(), std::string(21, 'a'), std::string(257, 'a'), std::string(22, 'a') + "=",
          std::string(22, 'a') + "\n", std::string(23, 'a') + '\0', std::string(22, '.'),
          std::string("../../../../../../../../etc/passwd"), std::string(22, 'a') + ";reboot",
          std::string(22, 'a') + "\"", std::string(22, 'a') + "+/"}) {
        EXPECT_FALSE(Token::from_text(text)) << text;
    }
}

// RFC 8555 section 8.1 with the token of its section 8.3; digests computed with Python's hashlib.
TEST(KeyAuthorization, JoinsTokenAndThumbprint) {
    const Token token = Token::from_text("evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA").value();
    const std::string text = key_authorization(token, example_thumbprint());
    EXPECT_EQ(text,
              "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA."
              "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    EXPECT_EQ(dns_record_value(text), "ZTRx1Ckl1-tM05o5zaizTTA0yUy5AGereMgSNWC6Ll8");
    EXPECT_EQ(base::to_hex(tls_alpn_digest(text)),
              "653471d42925d7eb4cd39a39cda8b34d3034c94cb90067ab78c8123560ba2e5f");
}

}  // namespace
}  // namespace cairn::protocol::key_authorization_test
