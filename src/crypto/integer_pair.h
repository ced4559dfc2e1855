#pragma once
// Private to crypto.

#include <optional>

#include "asn1/der.h"
#include "base/bytes.h"

namespace cairn::crypto {

/// A DER SEQUENCE of two positive INTEGERs: an ECDSA signature (RFC 3279 section 2.2.3) and an RSA
/// public key (RFC 8017 appendix A.1.1) are both no more than that.
struct IntegerPair {
    /// Big-endian, without leading zeros once they are decoded.
    base::BytesView first, second;
};

/// Leading zeros are left out.
void write(asn1::Writer& writer, const IntegerPair& pair);
/// What `write` writes.
[[nodiscard]] base::Bytes to_der(const IntegerPair& pair);

/// The reverse: the views point into `der`. Nothing if `der` is not exactly what `to_der` makes.
[[nodiscard]] std::optional<IntegerPair> integer_pair_from_der(base::BytesView der);

}  // namespace cairn::crypto
