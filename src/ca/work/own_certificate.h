#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/task.h"
#include "ca/ports/observer.h"
#include "ca/ports/repository.h"
#include "ca/rules/profile.h"
#include "ca/work/issuer.h"
#include "ca/work/unsettled_endings.h"
#include "crypto/random.h"
#include "pki/chain.h"
#include "protocol/identifier.h"

namespace cairn::ca {

/// Issues the certificate with which the CA itself serves HTTPS. Its names come from the operator's
/// configuration and nobody else's. Used by one task at a time.
class OwnCertificate {
  public:
    OwnCertificate(CertificateStore& store, const Profiles& profiles, const base::Clock& clock,
                   crypto::Random& random, base::Log& log, Observer& observer);

    /// Issues by `issuer` (`Issuers::for_own_server`), backdated as the default profile says, and
    /// stores what it issued; it comes with its issuer's chain. Throws what `Issuer::draft`,
    /// `Issuer::sign` and the store throw.
    [[nodiscard]] base::Task<pki::Chain> issue(const Issuer& issuer,
                                               std::vector<protocol::Identifier> names,
                                               crypto::PublicKey key, base::Seconds validity);

  private:
    /// Counts and logs what was stored.
    void tell(const IssuedCertificate& certificate, std::string_view issuer);
    /// Finds out whether the one whose writing did not return was stored, and tells of it then.
    base::Task<void> settle();

    CertificateStore& store_;
    const Profiles& profiles_;
    const base::Clock& clock_;
    crypto::Random& random_;
    base::Log& log_;
    Observer& observer_;
    /// One whose writing did not return.
    std::optional<IssuanceEnding> unsettled_;
};

}  // namespace cairn::ca
