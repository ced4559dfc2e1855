#pragma once

#include <optional>
#include <string>

#include "api/jws_gate.h"
#include "ca/ports/repository.h"
#include "ca/work/revocation.h"
#include "http/router.h"

namespace cairn::api {

/// Certificate download with any chain of its issuer (RFC 8555 section 7.4.2), revokeCert
/// (section 7.6), and the issuers' certificates that the AIA extension points to (RFC 5280
/// section 4.2.2.1).
class CertificateApi {
  public:
    CertificateApi(const Links& links, JwsGate& gate, ca::CertificateStore& store,
                   ca::Revoking& revoking);
    void add_to(http::Router& router);
    /// What may be fetched over plain http.
    void add_plain_to(http::Router& router);

  private:
    /// `number`: which of the issuer's other chains, counted from 1; empty: the usual one.
    base::Task<http::Response> certificate(http::Request request, std::string serial,
                                           std::string number);
    base::Task<std::optional<ca::CertificateStore::Download>> find(
        base::Result<pki::SerialNumber> serial);
    base::Task<http::Response> revoke(http::Request request);
    base::Task<http::Response> issuer(std::string id);

    const Links& links_;
    JwsGate& gate_;
    ca::CertificateStore& store_;
    ca::Revoking& revoking_;
};

}  // namespace cairn::api
