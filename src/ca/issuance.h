#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/task.h"
#include "ca/cause.h"
#include "ca/job_queue.h"
#include "ca/ordering.h"
#include "ca/profile.h"
#include "ca/repository.h"
#include "ca/signer.h"
#include "crypto/random.h"
#include "protocol/order.h"

namespace cairn::ca {

/// From a ready order to a stored certificate (RFC 8555 section 7.4):
///   finalize    checks the CSR and writes the intent (serial number, validity) - durable
///   carry_out   a job: proves the order anew, signs, stores certificate and completion in one step
/// Killed anywhere, the order is still ready, or its intent is carried out after the restart; a
/// certificate that was signed and not stored was shown to nobody and is signed again with the same
/// serial number.
class Issuance {
  public:
    Issuance(Repository& repository, Signer& signer, const Profiles& profiles,
             const base::Clock& clock, crypto::Random& random,
             std::function<base::Executor()> next_executor, base::Announcements& announcements,
             base::Log& log, Observer& observer);

    /// Takes up the intents that a former process left.
    void start();
    void stop(base::Milliseconds patience);

    /// Begins issuance for an order that is ready. The same CSR again is no error. Throws a problem
    /// for a bad CSR (the order stays ready) and for an order in another state.
    [[nodiscard]] base::Task<void> finalize(OrderView view, protocol::FinalizeRequest request,
                                            Cause cause);

    /// Issues the certificate for the CA's own HTTPS endpoint and stores it.
    [[nodiscard]] base::Task<pki::Certificate> issue_own_certificate(
        std::vector<protocol::Identifier> names, crypto::PublicKey key, base::Seconds validity);

    /// Names the signer's issuer, as certificates refer to it.
    [[nodiscard]] IssuerId issuer() const;

  private:
    base::Task<void> carry_out(OrderId id, Cause cause);
    base::Task<void> give_up(OrderId id);
    base::Task<pki::Certificate> sign(IssuanceProof proof);
    base::Task<void> require_usable_key(crypto::PublicKey key);
    [[nodiscard]] IssuedCertificate stored(const pki::Certificate& certificate,
                                           std::optional<AccountId> account,
                                           std::optional<OrderId> order) const;

    Repository& repository_;
    Signer& signer_;
    const Profiles& profiles_;
    const base::Clock& clock_;
    crypto::Random& random_;
    base::Announcements& announcements_;
    base::Log& log_;
    Observer& observer_;
    JobQueue queue_;
};

}  // namespace cairn::ca
