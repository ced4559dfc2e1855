#pragma once
// Private to pki: how certificates and requests are signed.

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/key.h"

namespace cairn::pki {

/// The DER AlgorithmIdentifier that a key signs with: SHA-256 for RSA and P-256, SHA-384 for P-384,
/// SHA-512 for P-521, or Ed25519. The view is of static memory.
[[nodiscard]] base::BytesView signature_algorithm_for(const crypto::PublicKey& key);

/// The signed object: `to_be_signed`, the algorithm and the signature (X.509's SIGNED), as in
/// certificates and requests. Throws std::runtime_error if the key cannot sign.
[[nodiscard]] base::Bytes sign_object(const crypto::PrivateKey& key, base::BytesView to_be_signed);

/// Verifies `signature` of `key` over `data`; an empty result if it is good. `algorithm` is the DER
/// AlgorithmIdentifier, and must be one with SHA-256, SHA-384 or SHA-512, or Ed25519.
[[nodiscard]] base::Result<void> verify_x509(const crypto::PublicKey& key,
                                             base::BytesView algorithm, base::BytesView data,
                                             base::BytesView signature);

}  // namespace cairn::pki
