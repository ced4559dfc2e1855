#include "protocol/key_authorization.h"

#include "base/base64url.h"

namespace cairn::protocol {

Token Token::random(crypto::Random& random) {
    return Token(base::base64url(random.octets(32)));
}

base::Result<Token> Token::from_text(std::string_view text) {
    if (text.size() < 22 || text.size() > 256) {
        return base::fail("a token of " + std::to_string(text.size()) +
                          " characters, not of 22 to 256");
    }
    if (!base::is_base64url(text)) {
        return base::fail("a token with characters outside the base64url alphabet");
    }
    return Token(std::string(text));
}

std::string key_authorization(const Token& token, const crypto::Sha256Digest& thumbprint) {
    return token.text() + '.' + base::base64url(thumbprint);
}

std::string dns_record_value(std::string_view key_authorization) {
    return base::base64url(crypto::sha256(base::bytes_of(key_authorization)));
}

crypto::Sha256Digest tls_alpn_digest(std::string_view key_authorization) {
    return crypto::sha256(base::bytes_of(key_authorization));
}

}  // namespace cairn::protocol
