#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "crypto/key.h"
#include "crypto/signature.h"
#include "crypto/signer.h"
#include "protocol/jwk.h"
#include "protocol/problem.h"

namespace cairn::protocol {

/// A JWS in flattened JSON serialization (RFC 7515 section 7.2.2) with the protected header that
/// RFC 8555 section 6.2 requires. Parsed, not yet verified: do not use its content before
/// `is_signed_by` has returned true.
class Jws {
  public:
    /// What the header must hold besides `alg`, `url` and exactly one of `jwk` and `kid`.
    enum class Nonce { required, forbidden };

    /// Reads a request body. malformed: anything but the three members protected, payload and
    /// signature as strict base64url, a `header` or `signatures` member, `crit`, `b64`, duplicate
    /// members, a nonce that is not base64url text. badSignatureAlgorithm, with `algorithms`: an
    /// alg that is none, symmetric or unknown. badNonce: no nonce where one is required.
    [[nodiscard]] static OrProblem<Jws> from_json(base::BytesView body, Nonce nonce);

    [[nodiscard]] crypto::SignatureAlgorithm algorithm() const { return algorithm_; }
    [[nodiscard]] const std::string& nonce() const { return nonce_; }
    [[nodiscard]] const std::string& url() const { return url_; }
    [[nodiscard]] const std::optional<Jwk>& jwk() const { return jwk_; }
    [[nodiscard]] const std::optional<std::string>& kid() const { return kid_; }
    [[nodiscard]] base::BytesView payload() const { return payload_; }

    /// True if the signature over the octets as received verifies under `key` (RFC 7515 5.2).
    [[nodiscard]] bool is_signed_by(const crypto::PublicKey& key) const;

  private:
    Jws() = default;
    crypto::SignatureAlgorithm algorithm_{};
    std::string nonce_, url_;
    std::optional<Jwk> jwk_;
    std::optional<std::string> kid_;
    base::Bytes payload_, signature_;
    std::string signing_input_;
};

/// The protected header of a JWS to make.
struct JwsHeader {
    std::string url;
    std::string nonce;  ///< omitted if empty
    std::string kid;    ///< the account URL; if empty, the header has the key itself as jwk
};
/// Signs `payload` and returns the flattened JSON serialization. An empty payload makes a
/// POST-as-GET (RFC 8555 section 6.3).
/// Throws std::runtime_error if the key cannot sign.
[[nodiscard]] std::string make_jws(const crypto::Signer& signer, const JwsHeader& header,
                                   std::string_view payload);

/// The algorithm names that are accepted, in order of preference.
[[nodiscard]] const std::vector<std::string>& accepted_algorithms();

}  // namespace cairn::protocol
