#pragma once

#include <string>
#include <vector>

#include "api/jws_gate.h"
#include "api/links.h"
#include "base/task.h"
#include "ca/work/ordering.h"
#include "ca/work/standing_proofs.h"
#include "ca/work/validation.h"
#include "http/router.h"
#include "protocol/authorization.h"

namespace cairn::api {

/// Authorizations and their challenges (RFC 8555 section 7.5). An answer about a validation under
/// way is held for a moment, since it often ends at once.
class AuthorizationApi {
  public:
    struct Options {
        /// What challenges of dns-persist-01 tell: the names of the CA.
        std::vector<std::string> issuer_names{};
        /// Whether there is newAuthz (section 7.4.1).
        bool preauthorization = false;
    };
    AuthorizationApi(const Links& links, JwsGate& gate, ca::Ordering& ordering,
                     ca::Validation& validation, ca::StandingProofs& standing,
                     const base::Clock& clock, Options options);
    void add_to(http::Router& router);

  private:
    [[nodiscard]] protocol::ChallengeObject challenge_object(const ca::Authorization& authorization,
                                                             protocol::ChallengeType type) const;
    [[nodiscard]] http::Response authorization_response(
        const ca::Authorization& authorization) const;
    [[nodiscard]] http::Response challenge_response(const ca::Authorization& authorization,
                                                    protocol::ChallengeType type) const;
    base::Task<http::Response> new_authorization(http::Request request);
    base::Task<http::Response> authorization(http::Request request, std::string id);
    base::Task<http::Response> challenge(http::Request request, std::string id, std::string type);

    const Links& links_;
    JwsGate& gate_;
    ca::Ordering& ordering_;
    ca::Validation& validation_;
    ca::StandingProofs& standing_;
    const base::Clock& clock_;
    const Options options_;
};

}  // namespace cairn::api
