#pragma once
// Private to crypto: keys and signatures in the forms that Cryptoki has.

#include <optional>

#include <p11-kit/pkcs11.h>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/key.h"

namespace cairn::crypto {

/// The attributes of an object that make a public key, as far as it has them.
struct PublicKeyAttributes {
    std::optional<base::Bytes> modulus{}, exponent{};
    /// DER: an object identifier of a curve, and a point in an OCTET STRING (or, as some modules
    /// have it, bare).
    std::optional<base::Bytes> curve{}, point{};
};
[[nodiscard]] base::Result<PublicKey> public_key_from_attributes(
    const PublicKeyAttributes& attributes);

/// The DER object identifier of a curve. Throws std::logic_error for what is none.
[[nodiscard]] base::Bytes curve_parameters(KeyAlgorithm curve);

/// What is handed to a token to be signed, and by which mechanism: the digest for ECDSA, which
/// gives r and s side by side, and a DigestInfo for RSA (RFC 8017 section 9.2, note 1).
struct SigningInput {
    CK_MECHANISM_TYPE mechanism;
    base::Bytes octets;
};
/// For the signature over `data` that `algorithm_for` names for the key.
[[nodiscard]] SigningInput input_of(const PublicKey& key, base::BytesView data);

}  // namespace cairn::crypto
