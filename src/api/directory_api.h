#pragma once

#include "api/jws_gate.h"
#include "api/links.h"
#include "ca/ports/nonces.h"
#include "http/router.h"
#include "protocol/directory.h"

namespace cairn::api {

/// The directory and newNonce (RFC 8555 sections 7.1.1 and 7.2), readable by GET, HEAD and
/// POST-as-GET.
class DirectoryApi {
  public:
    /// `directory`: the members of meta, and the URL of newAuthz if that is offered; the other URLs
    /// are filled in here.
    DirectoryApi(const Links& links, JwsGate& gate, protocol::Directory directory);
    void add_to(http::Router& router);

  private:
    [[nodiscard]] http::Response directory() const;

    JwsGate& gate_;
    std::string directory_json_;
};

}  // namespace cairn::api
