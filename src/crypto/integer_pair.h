#pragma once
// Private to crypto.

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace cairn::crypto {

/// A DER SEQUENCE of two positive INTEGERs: an ECDSA signature (RFC 3279 section 2.2.3) and an RSA
/// public key (RFC 8017 appendix A.1.1) are both no more than that.
struct IntegerPair {
    /// Big-endian, without leading zeros once they are decoded.
    base::BytesView first, second;
};

/// Leading zeros are left out.
[[nodiscard]] base::Bytes to_der(const IntegerPair& pair);

/// The reverse: the views point into `der`. Nothing if `der` is not exactly what `to_der` makes.
[[nodiscard]] std::optional<IntegerPair> integer_pair_from_der(base::BytesView der);

/// `number` without leading zeros.
[[nodiscard]] base::BytesView without_leading_zeros(base::BytesView number);

/// Writes tag and length of an element whose content has `length` octets.
void append_header(base::Bytes& der, std::uint8_t tag, std::size_t length);

/// Takes an element with this tag off the front of `der`: its content, or nothing if there is none.
/// Lengths of more than two octets are refused, of more octets than necessary taken.
[[nodiscard]] std::optional<base::BytesView> take_element(base::BytesView& der, std::uint8_t tag);

}  // namespace cairn::crypto
