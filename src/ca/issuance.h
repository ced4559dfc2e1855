#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/task.h"
#include "ca/cause.h"
#include "ca/issuer.h"
#include "ca/job_queue.h"
#include "ca/ordering.h"
#include "ca/profile.h"
#include "ca/repository.h"
#include "crypto/random.h"
#include "protocol/order.h"

namespace cairn::ca {

/// From a ready order to a stored certificate (RFC 8555 section 7.4):
///   finalize    checks the CSR and writes the intent (serial number, validity) - durable
///   carry_out   a job, in steps: prove the order anew, draft and lint the certificate, sign the
///               draft, store certificate and completion in one step, wake who waits
/// finalize answers without waiting for the signer, however slow it is. What certificate
/// transparency needs, a precertificate and the promises of logs, has its place between lint and
/// signature. Killed anywhere, the order is still ready, or its intent is carried out after the
/// restart; a certificate that was signed and not stored was shown to nobody and is signed again
/// with the same serial number.
class Issuance {
  public:
    Issuance(Repository& repository, const Issuers& issuers, const Profiles& profiles,
             const base::Clock& clock, crypto::Random& random,
             std::function<base::Executor()> next_executor, base::Announcements& announcements,
             base::Log& log, Observer& observer);

    /// Takes up the intents that a former process left.
    void start();
    void stop(base::Milliseconds patience);

    /// Begins issuance for an order that is ready; its end is announced under the order's id. The
    /// same CSR again is no error. True if issuance is under way, false if it has ended. Throws a
    /// problem for a bad CSR (the order stays ready) and for an order in another state.
    [[nodiscard]] base::Task<bool> finalize(OrderView view, protocol::FinalizeRequest request,
                                            Cause cause);

    /// Issues the certificate for the CA's own HTTPS endpoint, of the default profile, and stores
    /// it; it comes with its issuer's chain.
    [[nodiscard]] base::Task<pki::Chain> issue_own_certificate(
        std::vector<protocol::Identifier> names, crypto::PublicKey key, base::Seconds validity);

  private:
    base::Task<void> carry_out(OrderId id, Cause cause);
    base::Task<void> give_up(OrderId id);
    /// The issuer for such a certificate. Throws a problem if there is none.
    [[nodiscard]] const Issuer& require_issuer(const std::string& profile,
                                               const crypto::PublicKey& key) const;
    /// The proof that the order's intent may be carried out, and by whom.
    struct Warrant {
        IssuanceProof proof;
        const Issuer& issuer;
    };
    /// Throws the problem for which it may not.
    base::Task<Warrant> prove(Order order);
    /// Draft, lint, signature. Throws std::runtime_error if the lint finds something or the key
    /// cannot sign.
    base::Task<base::Bytes> make_certificate(IssuanceProof proof, const Issuer& issuer);

    Repository& repository_;
    const Issuers& issuers_;
    const Profiles& profiles_;
    const base::Clock& clock_;
    crypto::Random& random_;
    base::Announcements& announcements_;
    base::Log& log_;
    Observer& observer_;
    JobQueue queue_;
};

}  // namespace cairn::ca
