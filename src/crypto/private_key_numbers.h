#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/key.h"

namespace cairn::crypto {

/// The numbers of an RSA private key (RFC 8017 section 3.2), big-endian.
struct RsaPrivateNumbers {
    base::Bytes modulus, public_exponent, private_exponent;
    base::Bytes prime1, prime2, exponent1, exponent2, coefficient;
};

/// The key with these numbers; an error if they are those of none.
[[nodiscard]] base::Result<PrivateKey> private_key_from(const RsaPrivateNumbers& numbers);
/// The key on an elliptic curve with this secret number, big-endian; its point is computed.
[[nodiscard]] base::Result<PrivateKey> private_key_from(KeyAlgorithm curve, base::BytesView scalar);
/// The Ed25519 key of this secret seed, of 32 octets (RFC 8032 section 5.1.5).
[[nodiscard]] base::Result<PrivateKey> ed25519_key_from(base::BytesView seed);

}  // namespace cairn::crypto
