#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "pki/certificate.h"
#include "pki/serial_number.h"

namespace cairn::pki {

/// How ACME names a certificate (RFC 9773 section 4.1): by the key identifier of its issuer and its
/// serial number. A value of this type has exactly one text.
struct RenewalIdentifier {
    /// The keyIdentifier of the certificate's authorityKeyIdentifier; 1 to 64 octets.
    base::Bytes issuer_key_id;
    SerialNumber serial;

    /// Reads base64url of the key identifier, a dot, and base64url of the serial number's content
    /// octets. Refuses padding, an empty half, another number of dots, serial numbers that are not
    /// DER, and whatever `to_text` would not write.
    [[nodiscard]] static base::Result<RenewalIdentifier> from_text(std::string_view text);
    /// Nothing for a certificate without a key identifier of its issuer.
    [[nodiscard]] static std::optional<RenewalIdentifier> of(const Certificate& certificate);
    [[nodiscard]] std::string to_text() const;
    friend bool operator==(const RenewalIdentifier&, const RenewalIdentifier&) = default;
};

}  // namespace cairn::pki
