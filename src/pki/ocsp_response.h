#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "pki/certificate.h"
#include "pki/crl.h"
#include "pki/ocsp_cert_id.h"

namespace cairn::pki {

/// What a responder says of a certificate (RFC 6960 section 2.2).
struct OcspStatus {
    enum class Kind {
        good,
        revoked,
        unknown  ///< the responder knows of no such certificate
    };
    Kind kind = Kind::unknown;
    /// For `revoked`.
    base::Time revoked_at{};
    CrlReason reason = CrlReason::unspecified;
    friend bool operator==(const OcspStatus&, const OcspStatus&) = default;
};

/// A response about one certificate (RFC 6960 section 4.2), as the lightweight profile has it
/// (RFC 5019 section 2.2), by the certificate's issuer itself: well-formed DER without trailing
/// octets. Responses of other responders, which would bring certificates along, are refused.
class OcspResponse {
  public:
    static constexpr std::size_t max_size = 65536;

    /// Reads DER. Answers that are only an error, which nobody signs, are errors that name it. The
    /// signature is not verified: `is_signed_by` does that.
    [[nodiscard]] static base::Result<OcspResponse> from_der(base::BytesView der);

    [[nodiscard]] const base::Bytes& der() const { return der_; }
    [[nodiscard]] const OcspCertId& id() const { return id_; }
    [[nodiscard]] const OcspStatus& status() const { return status_; }
    /// When the responder signed this.
    [[nodiscard]] base::Time produced_at() const { return produced_at_; }
    /// Between these times the status is known to be right.
    [[nodiscard]] base::Time this_update() const { return this_update_; }
    [[nodiscard]] base::Time next_update() const { return next_update_; }
    /// True if it is about a certificate of `issuer`, and `issuer` signed it.
    [[nodiscard]] bool is_signed_by(const Certificate& issuer) const;

  private:
    explicit OcspResponse(OcspCertId id) : id_(std::move(id)) {}
    base::Bytes der_, basic_, responder_key_hash_;
    OcspCertId id_;
    OcspStatus status_;
    base::Time produced_at_, this_update_, next_update_;
};

/// Why a responder does not answer (RFC 6960 section 4.2.1), with its code there.
enum class OcspError : std::uint8_t {
    malformed_request = 1,
    internal_error = 2,
    try_later = 3,
    signature_required = 5,
    unauthorized = 6,  ///< it does not answer for this certificate (RFC 5019 section 2.2.3)
};

/// A signed BasicOCSPResponse with the certificate of the delegated responder who signed it.
[[nodiscard]] base::Bytes with_responder(base::BytesView basic, const Certificate& responder);
/// The DER of the response that a signed BasicOCSPResponse, `basic`, is put into.
[[nodiscard]] base::Bytes ocsp_response_of(base::BytesView basic);
/// The DER of an answer that is only an error.
[[nodiscard]] base::Bytes ocsp_response_of(OcspError error);

}  // namespace cairn::pki
