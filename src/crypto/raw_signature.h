#pragma once
// Private to the .cpp files of crypto and pki: signatures in the forms that OpenSSL and X.509 have.

#include "base/bytes.h"
#include "crypto/key.h"
#include "crypto/openssl.h"

namespace cairn::crypto {

/// How an RSA signature is padded: RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2), or RSASSA-PSS with the
/// digest also in its mask and a salt as long as the digest (RFC 7518 section 3.5).
enum class RsaPadding { pkcs1, pss };

/// True if `signature` is the key's signature over `data`: DER for ECDSA (RFC 3279 section 2.2.3),
/// for RSA with `padding`, which other keys ignore. `digest` is null for Ed25519 (RFC 8032) only.
/// Leaves OpenSSL's error queue empty.
[[nodiscard]] bool verify_raw(const PublicKey& key, const EVP_MD* digest, base::BytesView data,
                              base::BytesView signature, RsaPadding padding = RsaPadding::pkcs1);

/// Signs in the same forms, RSA with PKCS #1 version 1.5. Throws std::runtime_error if the key
/// cannot sign.
[[nodiscard]] base::Bytes sign_raw(const PrivateKey& key, const EVP_MD* digest,
                                   base::BytesView data);

}  // namespace cairn::crypto
