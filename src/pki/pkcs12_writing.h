#pragma once

#include <span>
#include <string>

#include "base/bytes.h"
#include "crypto/key.h"
#include "pki/certificate.h"

namespace cairn::pki {

/// By what the contents of a PKCS#12 file are kept secret.
enum class Pkcs12Protection {
    pbes2,  ///< AES-256-CBC with PBKDF2 (HMAC-SHA-256), and an HMAC-SHA-256 over all: Java 8u301
            ///< and later, Windows Server 2019 and later, OpenSSL
    legacy  ///< 3DES with the key derivation of PKCS#12, and an HMAC-SHA-1: whatever is older
};

/// A PKCS#12 file (RFC 7292) with a key, its certificate, and the others of its chain. `name` is
/// that of the key (friendlyName), Java's alias. The passphrase is not empty. Two calls give
/// different octets. Throws std::runtime_error if OpenSSL cannot.
[[nodiscard]] base::SecretBytes write_pkcs12(const crypto::PrivateKey& key,
                                             std::span<const Certificate> chain,
                                             const std::string& name,
                                             const base::SecretBytes& passphrase,
                                             Pkcs12Protection protection);

}  // namespace cairn::pki
