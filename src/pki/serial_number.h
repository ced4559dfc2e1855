#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/random.h"

namespace cairn::pki {

/// A certificate's serial number, not negative. RFC 5280 section 4.1.2.2 allows 1 to 20 octets of
/// DER content, and `random` keeps to it; up to 32 and zero are read, because peers make them.
class SerialNumber {
  public:
    /// 128 random bits, never zero (BR 7.1.2.7 asks for 64).
    [[nodiscard]] static SerialNumber random(crypto::Random& random);
    /// The seconds of `now` and 96 random bits. Serial numbers that are issued together are close
    /// to each other, which saves a large store most of the writing to its index.
    [[nodiscard]] static SerialNumber dated(base::Time now, crypto::Random& random);
    /// From the content octets of a DER INTEGER, leading zero octet included where it has one.
    [[nodiscard]] static base::Result<SerialNumber> from_der_content(base::BytesView octets);
    /// From hexadecimal, as `to_hex` writes it, in either case.
    [[nodiscard]] static base::Result<SerialNumber> from_hex(std::string_view text);

    /// The content octets of the DER INTEGER; RFC 9773 names a certificate by them.
    [[nodiscard]] const base::Bytes& der_content() const { return der_content_; }
    /// Lower-case hexadecimal of the number, two characters an octet, without a leading zero octet;
    /// "00" for zero.
    [[nodiscard]] std::string to_hex() const;
    friend auto operator<=>(const SerialNumber&, const SerialNumber&) = default;

  private:
    explicit SerialNumber(base::Bytes content) : der_content_(std::move(content)) {}
    base::Bytes der_content_;
};

}  // namespace cairn::pki
