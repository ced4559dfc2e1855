#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/random.h"

namespace cairn::protocol {

/// A challenge's token: base64url text of 22 to 256 characters, so at least 128 bits (RFC 8555
/// section 8.1). Safe as a file name, a URL segment and an argument.
class Token {
  public:
    [[nodiscard]] static Token random(crypto::Random& random);
    [[nodiscard]] static base::Result<Token> from_text(std::string_view text);
    [[nodiscard]] const std::string& text() const { return text_; }
    friend bool operator==(const Token&, const Token&) = default;

  private:
    explicit Token(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

/// token "." base64url(thumbprint) (RFC 8555 section 8.1).
[[nodiscard]] std::string key_authorization(const Token& token,
                                            const crypto::Sha256Digest& thumbprint);
/// The value of the TXT record of dns-01: base64url(SHA-256(key authorization)) (section 8.4).
[[nodiscard]] std::string dns_record_value(std::string_view key_authorization);
/// The digest in the acmeIdentifier extension of tls-alpn-01 (RFC 8737 section 3).
[[nodiscard]] crypto::Sha256Digest tls_alpn_digest(std::string_view key_authorization);

}  // namespace cairn::protocol
