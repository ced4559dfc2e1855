#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/key.h"

namespace cairn::crypto {

/// Signature algorithms of JOSE that ACME account keys may use (RFC 7518, RFC 8037).
enum class SignatureAlgorithm {
    es256,
    es384,
    es512,
    rs256,
    rs384,
    rs512,
    ps256,
    ps384,
    ps512,
    eddsa
};

/// "ES256", "RS256", "PS256" and so on, "EdDSA".
[[nodiscard]] std::string_view to_string(SignatureAlgorithm algorithm);
/// The reverse; also takes "Ed25519" (RFC 9864) for EdDSA. The comparison is exact.
[[nodiscard]] base::Result<SignatureAlgorithm> signature_algorithm_from(std::string_view text);
/// The algorithm that a key of this kind signs with here.
[[nodiscard]] SignatureAlgorithm algorithm_for(const PublicKey& key);
/// Whether a key of this kind can sign with `algorithm`; an RSA key can use several.
[[nodiscard]] bool fits(SignatureAlgorithm algorithm, const PublicKey& key);

/// True if `signature` is `key`'s signature over `data`, in the form of JOSE: r and s side by side
/// at full length for ECDSA (RFC 7518 section 3.4), never DER. A wrong length, r or s of zero or
/// beyond the order, and an algorithm that does not fit the key are false.
[[nodiscard]] bool verify(const PublicKey& key, SignatureAlgorithm algorithm, base::BytesView data,
                          base::BytesView signature);

/// Signs `data` in the form of JOSE with the algorithm that fits the key.
/// Throws std::runtime_error if the key cannot sign.
[[nodiscard]] base::Bytes sign(const PrivateKey& key, base::BytesView data);
/// The same with one of the algorithms that fit the key, all but PS256, PS384 and PS512.
/// Throws std::runtime_error for another one.
[[nodiscard]] base::Bytes sign(const PrivateKey& key, SignatureAlgorithm algorithm,
                               base::BytesView data);

}  // namespace cairn::crypto
