#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "base/task.h"
#include "ca/facts/account.h"
#include "ca/facts/request_context.h"
#include "ca/ports/observer.h"
#include "ca/ports/repository.h"
#include "protocol/jwk.h"
#include "protocol/revocation.h"

namespace cairn::ca {

/// Revokes certificates for those who may request it (RFC 8555 section 7.6). A client's errors are
/// thrown as protocol::Problem.
class Revoking {
  public:
    Revoking(Repository& repository, const base::Clock& clock, base::Log& log, Observer& observer);

    /// For the account that got the certificate, with the reason it names; for another account that
    /// has valid authorizations for all its names, as cessationOfOperation. That certificate alone:
    /// an account proves nothing about a key.
    [[nodiscard]] base::Task<void> revoke_for_account(AccountId account,
                                                      protocol::RevocationRequest request,
                                                      RequestContext context);
    /// For whoever signed with the certificate's own key: whatever was named, the key is recorded
    /// as compromised, and with it every certificate that has it is revoked.
    [[nodiscard]] base::Task<void> revoke_for_key(protocol::Jwk key,
                                                  protocol::RevocationRequest request,
                                                  RequestContext context);

  private:
    base::Task<IssuedCertificate> require_certificate(base::Bytes der);
    base::Task<bool> controls_all_names(AccountId account, base::Bytes certificate);
    base::Task<void> record(pki::SerialNumber serial, protocol::RevocationReason reason,
                            std::string requester, RequestContext context);

    Repository& repository_;
    const base::Clock& clock_;
    base::Log& log_;
    Observer& observer_;
};

}  // namespace cairn::ca
