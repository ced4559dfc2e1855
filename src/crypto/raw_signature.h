#pragma once
// Private to the .cpp files of crypto and pki: signatures in the forms that OpenSSL and X.509 have.

#include "base/bytes.h"
#include "crypto/key.h"
#include "crypto/openssl.h"

namespace cairn::crypto {

/// True if `signature` is the key's over `data`: DER for ECDSA (RFC 3279 section 2.2.3), PKCS #1
/// version 1.5 for RSA (RFC 8017 section 8.2). `digest` is null for Ed25519 (RFC 8032) and for it
/// alone. OpenSSL's queue of errors is left empty.
[[nodiscard]] bool verify_raw(const PublicKey& key, const EVP_MD* digest, base::BytesView data,
                              base::BytesView signature);

/// Signs in the same forms. Throws std::runtime_error if the key cannot sign.
[[nodiscard]] base::Bytes sign_raw(const PrivateKey& key, const EVP_MD* digest,
                                   base::BytesView data);

}  // namespace cairn::crypto
