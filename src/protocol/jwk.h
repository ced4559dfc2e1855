#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "protocol/problem.h"

namespace cairn::protocol {

/// A JSON Web Key that holds a public key (RFC 7517, RFC 7518 section 6, RFC 8037).
class Jwk {
  public:
    [[nodiscard]] static Jwk of(const crypto::PublicKey& key);
    /// Reads the JSON text of a JWK object. Unknown kinds, private or symmetric members, short or
    /// off-curve coordinates: badPublicKey. Broken JSON or base64url: malformed. Strength is not
    /// judged here.
    [[nodiscard]] static OrProblem<Jwk> from_json(base::BytesView json);

    [[nodiscard]] const crypto::PublicKey& public_key() const { return key_; }
    /// SHA-256 over the canonical members (RFC 7638).
    [[nodiscard]] const crypto::Sha256Digest& thumbprint() const { return thumbprint_; }
    /// The canonical JSON text: the required members alone, in lexical order, without spaces.
    [[nodiscard]] const std::string& to_json() const { return json_; }

  private:
    explicit Jwk(crypto::PublicKey key);
    crypto::PublicKey key_;
    std::string json_;
    crypto::Sha256Digest thumbprint_;
};

}  // namespace cairn::protocol
