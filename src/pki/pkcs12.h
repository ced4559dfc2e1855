#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/key.h"
#include "pki/certificate.h"

namespace cairn::pki {

/// What a PKCS#12 file (RFC 7292) holds.
struct Pkcs12 {
    crypto::PrivateKey key;
    /// All its certificates, in no order that means anything.
    std::vector<Certificate> certificates;
};

/// Whether these octets begin as a PKCS#12 file does: a SEQUENCE whose version is 3.
[[nodiscard]] bool is_pkcs12(base::BytesView octets);

/// Whether the file opens without a passphrase, so that its content is no secret. Files without a
/// MAC, and those that cannot be read, do not.
[[nodiscard]] bool opens_without_passphrase(base::BytesView pkcs12);

/// Reads a file of at most 1 MiB, with one private key and at most 100 certificates. `passphrase`
/// has no NUL; empty: none. The error says whether the file was cut short, has no MAC, wants too
/// many rounds (more than 2 million), or is not opened by the passphrase.
[[nodiscard]] base::Result<Pkcs12> read_pkcs12(base::BytesView octets, base::BytesView passphrase);

}  // namespace cairn::pki
