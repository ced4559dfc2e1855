#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "pki/certificate.h"
#include "pki/serial_number.h"

namespace cairn::pki {

/// Why a certificate stands in a revocation list (RFC 5280 section 5.3.1), with its code there.
enum class CrlReason : std::uint8_t {
    unspecified = 0,  ///< never written: the extension is left out
    key_compromise = 1,
    ca_compromise = 2,
    affiliation_changed = 3,
    superseded = 4,
    cessation_of_operation = 5,
    certificate_hold = 6,
    remove_from_crl = 8,
    privilege_withdrawn = 9,
    aa_compromise = 10,
};

/// One entry of a revocation list.
struct RevokedCertificate {
    SerialNumber serial;
    base::Time at;
    CrlReason reason = CrlReason::unspecified;
    friend bool operator==(const RevokedCertificate&, const RevokedCertificate&) = default;
};

/// A certificate revocation list (RFC 5280 section 5) that was well-formed DER of version 2 without
/// trailing octets. Delta lists and entries of other issuers (indirect lists) are refused: who does
/// not know their rules would take them for something else.
class Crl {
  public:
    static constexpr std::size_t max_size = std::size_t{64} << 20U;

    /// Reads DER. The signature is not verified: `is_signed_by` does that.
    [[nodiscard]] static base::Result<Crl> from_der(base::BytesView der);

    [[nodiscard]] const base::Bytes& der() const { return der_; }
    /// The issuer's Name as it stands in the encoding (DER).
    [[nodiscard]] const base::Bytes& issuer_name() const { return issuer_name_; }
    [[nodiscard]] base::Time this_update() const { return this_update_; }
    /// When the next list comes at the latest.
    [[nodiscard]] base::Time next_update() const { return next_update_; }
    /// The content octets of the CRL number, an INTEGER.
    [[nodiscard]] const base::Bytes& number() const { return number_; }
    [[nodiscard]] const std::optional<base::Bytes>& authority_key_id() const {
        return authority_key_id_;
    }
    /// The URL of the issuing distribution point; empty: the list is of all that its issuer issued.
    [[nodiscard]] const std::string& distribution_point() const { return distribution_point_; }
    /// In the order in which they stand there.
    [[nodiscard]] const std::vector<RevokedCertificate>& revoked() const { return revoked_; }
    /// True if `issuer`'s name and key are those that signed this list.
    [[nodiscard]] bool is_signed_by(const Certificate& issuer) const;

  private:
    Crl() = default;
    base::Bytes der_, issuer_name_, number_;
    base::Time this_update_, next_update_;
    std::optional<base::Bytes> authority_key_id_;
    std::string distribution_point_;
    std::vector<RevokedCertificate> revoked_;
};

}  // namespace cairn::pki
