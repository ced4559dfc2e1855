#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "pki/ocsp_cert_id.h"

namespace cairn::pki {

/// A question for the status of one certificate (RFC 6960 section 4.1), as the lightweight profile
/// has it (RFC 5019 section 2.1): questions about several are refused. The requestor's name, a
/// signature and extensions that are not critical are read and left out, since no answer depends on
/// them.
class OcspRequest {
  public:
    static constexpr std::size_t max_size = 4096;

    /// Reads DER without trailing octets.
    [[nodiscard]] static base::Result<OcspRequest> from_der(base::BytesView der);

    [[nodiscard]] const OcspCertId& id() const { return id_; }

  private:
    explicit OcspRequest(OcspCertId id) : id_(std::move(id)) {}
    OcspCertId id_;
};

/// The DER of a question for the status of one certificate, without extensions (RFC 5019 section
/// 2.1.1).
[[nodiscard]] base::Bytes ocsp_request_for(const OcspCertId& id);

}  // namespace cairn::pki
