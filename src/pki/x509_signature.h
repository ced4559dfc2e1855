#pragma once
// How certificates, requests and revocation lists are signed.

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/key.h"
#include "crypto/signer.h"

namespace cairn::pki {

/// The DER AlgorithmIdentifier that a key signs with: SHA-256 for RSA and P-256, SHA-384 for P-384,
/// SHA-512 for P-521, or Ed25519. The view is of static memory.
[[nodiscard]] base::BytesView signature_algorithm_for(const crypto::PublicKey& key);

/// The value of `key`'s signature over `to_be_signed` with that algorithm. Throws
/// std::runtime_error if the key cannot sign.
[[nodiscard]] base::Bytes sign_x509(const crypto::PrivateKey& key, base::BytesView to_be_signed);

/// What is signed, the DER AlgorithmIdentifier, and the value of the signature, as certificates,
/// requests and revocation lists are put together (X.509's SIGNED).
[[nodiscard]] base::Bytes signed_object(base::BytesView to_be_signed, base::BytesView algorithm,
                                        base::BytesView signature);

/// Signs and puts together. Throws std::runtime_error if the key cannot sign.
[[nodiscard]] base::Bytes sign_object(const crypto::PrivateKey& key, base::BytesView to_be_signed);
/// The same by a key that may be elsewhere.
[[nodiscard]] base::Bytes sign_object(const crypto::Signer& signer, base::BytesView to_be_signed);

/// Verifies `signature` of `key` over `data`; an empty result if it is good. `algorithm` is the DER
/// AlgorithmIdentifier, and must be one with SHA-256, SHA-384 or SHA-512, or Ed25519.
[[nodiscard]] base::Result<void> verify_x509(const crypto::PublicKey& key,
                                             base::BytesView algorithm, base::BytesView data,
                                             base::BytesView signature);

}  // namespace cairn::pki
