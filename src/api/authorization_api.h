#pragma once

#include "api/jws_gate.h"
#include "api/links.h"
#include "base/task.h"
#include "ca/ordering.h"
#include "ca/validation.h"
#include "net/router.h"

namespace cairn::api {

/// Authorizations and their challenges (RFC 8555 section 7.5). An answer about a validation under
/// way is held for a moment, since it often ends at once.
class AuthorizationApi {
  public:
    AuthorizationApi(const Links& links, JwsGate& gate, ca::Ordering& ordering,
                     ca::Validation& validation, const base::Clock& clock,
                     base::Announcements& announcements);
    void add_to(net::Router& router);

  private:
    base::Task<net::HttpResponse> authorization(net::HttpRequest request, std::string id);
    base::Task<net::HttpResponse> challenge(net::HttpRequest request, std::string id,
                                            std::string type);
    [[nodiscard]] bool is_under_way(const ca::Authorization& authorization) const;
    /// The authorization once its attempt has ended, or when `patience` has.
    base::Task<ca::Authorization> settled(ca::Authorization authorization,
                                          base::Milliseconds patience);
    /// Begins an attempt, and waits for its end for a moment. What is told of it then is recorded.
    base::Task<ca::Authorization> attempted(ca::Authorization authorization, ca::Account owner,
                                            protocol::ChallengeType type, ca::Cause cause);

    const Links& links_;
    JwsGate& gate_;
    ca::Ordering& ordering_;
    ca::Validation& validation_;
    const base::Clock& clock_;
    base::Announcements& announcements_;
};

}  // namespace cairn::api
