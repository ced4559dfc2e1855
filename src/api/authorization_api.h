#pragma once

#include "api/jws_gate.h"
#include "api/links.h"
#include "base/task.h"
#include "ca/work/ordering.h"
#include "ca/work/validation.h"
#include "http/router.h"

namespace cairn::api {

/// Authorizations and their challenges (RFC 8555 section 7.5). An answer about a validation under
/// way is held for a moment, since it often ends at once.
class AuthorizationApi {
  public:
    AuthorizationApi(const Links& links, JwsGate& gate, ca::Ordering& ordering,
                     ca::Validation& validation, const base::Clock& clock);
    void add_to(http::Router& router);

  private:
    base::Task<http::Response> authorization(http::Request request, std::string id);
    base::Task<http::Response> challenge(http::Request request, std::string id, std::string type);

    const Links& links_;
    JwsGate& gate_;
    ca::Ordering& ordering_;
    ca::Validation& validation_;
    const base::Clock& clock_;
};

}  // namespace cairn::api
