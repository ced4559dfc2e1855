#pragma once

#include <optional>
#include <string>

#include "api/jws_gate.h"
#include "ca/repository.h"
#include "ca/revocation.h"
#include "net/router.h"

namespace cairn::api {

/// Certificate download (RFC 8555 section 7.4.2), revokeCert (section 7.6), and the issuers'
/// certificates that the AIA extension points to (RFC 5280 section 4.2.2.1).
class CertificateApi {
  public:
    CertificateApi(JwsGate& gate, ca::CertificateStore& store, ca::Revoking& revoking);
    void add_to(net::Router& router);
    /// What may be fetched over plain http.
    void add_plain_to(net::Router& router);

  private:
    base::Task<net::HttpResponse> certificate(net::HttpRequest request, std::string serial);
    base::Task<std::optional<ca::CertificateStore::Download>> find(
        base::Result<pki::SerialNumber> serial);
    base::Task<net::HttpResponse> revoke(net::HttpRequest request);
    base::Task<net::HttpResponse> issuer(std::string id);

    JwsGate& gate_;
    ca::CertificateStore& store_;
    ca::Revoking& revoking_;
};

}  // namespace cairn::api
