#pragma once

#include "base/bytes.h"
#include "crypto/key.h"

namespace cairn::pki {

/// A certificate for linters that read whole certificates alone: `to_be_signed` (the DER of a
/// TBSCertificate) with a signature of the algorithm and, nearly, the size that one by `issuer_key`
/// has, and that no issuer's key made (BR 4.3.1.2: a dummy certificate). For an RSA issuer it is as
/// many octets as the modulus has; for others it is made by a key that nobody else has.
[[nodiscard]] base::Bytes linted_form(base::BytesView to_be_signed,
                                      const crypto::PublicKey& issuer_key);

}  // namespace cairn::pki
