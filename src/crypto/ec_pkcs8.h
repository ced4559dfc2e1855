#pragma once
// Private to the .cpp files of crypto: the one way in which an EC private key is written here and
// by OpenSSL, PKCS#8 (RFC 5208 section 5) around RFC 5915's ECPrivateKey with its point. OpenSSL's
// decoder and encoder search all that they know for each key, which costs thirty signatures.

#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "crypto/key.h"

namespace cairn::crypto {

/// The numbers of an EC private key, big-endian, each at the curve's full length.
struct EcPrivateNumbers {
    KeyAlgorithm curve;
    base::SecretBytes scalar;
    base::Bytes x, y;
};

/// The numbers in a PEM block "PRIVATE KEY"; nothing if it is not letter by letter what `to_ec_pem`
/// writes, which says nothing of other ways to write a key. Nothing is checked of the numbers.
[[nodiscard]] std::optional<EcPrivateNumbers> from_ec_pem(std::string_view pem);
/// The PEM block of a key on P-256 or P-384, as OpenSSL writes it.
/// Throws std::logic_error for another curve or numbers of another length.
[[nodiscard]] base::SecretBytes to_ec_pem(const EcPrivateNumbers& numbers);

}  // namespace cairn::crypto
