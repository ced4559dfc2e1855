#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/key.h"

namespace cairn::crypto {

/// Whether `pem` has a private key that is encrypted: PKCS#8 ("ENCRYPTED PRIVATE KEY", RFC 5958
/// section 3) or the traditional form ("Proc-Type: 4,ENCRYPTED", RFC 1421).
[[nodiscard]] bool has_encrypted_key(std::string_view pem);

/// Reads the encrypted private key of `pem`, as `PrivateKey::from_pem` reads others. The error says
/// whether the passphrase is wrong, or what else is; a key whose derivation would take many seconds
/// (more than 2 million rounds of PBKDF2, or scrypt with N*r*p above 4194304) is refused.
[[nodiscard]] base::Result<PrivateKey> encrypted_key_from_pem(std::string_view pem,
                                                              base::BytesView passphrase);

/// PKCS#8, encrypted by AES-256-CBC with a key that scrypt derives (RFC 7914; N = 16384, r = 8,
/// p = 1). Throws std::runtime_error if OpenSSL cannot.
[[nodiscard]] std::string to_encrypted_pem(const PrivateKey& key, base::BytesView passphrase);

}  // namespace cairn::crypto
