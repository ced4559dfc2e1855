#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/task.h"
#include "ca/facts/request_context.h"
#include "ca/ports/linter.h"
#include "ca/ports/repository.h"
#include "ca/rules/issuance_proof.h"
#include "ca/rules/profile.h"
#include "ca/work/caa_checks.h"
#include "ca/work/clock_watch.h"
#include "ca/work/issuer.h"
#include "ca/work/job_queue.h"
#include "ca/work/jobs_in_flight.h"
#include "ca/work/ordering.h"
#include "ca/work/rate_limits.h"
#include "ca/work/unsettled_endings.h"
#include "crypto/random.h"
#include "crypto/weak_keys.h"
#include "pki/csr.h"
#include "protocol/order.h"

namespace cairn::ca {

/// What the operator wants beyond the profiles.
struct IssuanceOptions {
    /// Keys that anybody can know; null: there is no list of them.
    std::shared_ptr<const crypto::WeakKeys> weak_keys{};
    /// Judges the names again; null: what was allowed when the order was placed still is.
    const NamePolicy* names = nullptr;
    /// Judges what is about to be signed; null: the CA's own lint alone does.
    Linter* linter = nullptr;
    /// Asks for CAA records again; null: they are not asked for.
    CaaChecks* caa = nullptr;
};

/// From a ready order to a stored certificate (RFC 8555 section 7.4):
///   finalize    checks the CSR, asks for CAA records again where that is due, and writes the
///               intent (serial number, validity) - durable
///   carry_out   a job, in steps: prove the order anew, draft and lint the certificate, sign the
///               draft, store certificate and completion in one step, wake who waits
/// finalize waits for the signer no longer than its caller wants. What certificate transparency
/// needs, a precertificate and the promises of logs, has its place between lint and signature.
/// Killed anywhere, the order is still ready, or its intent is carried out after the restart; a
/// certificate that was signed and not stored was shown to nobody and is signed again with the same
/// serial number.
class Issuance {
  public:
    using Options = IssuanceOptions;
    Issuance(Repository& repository, const Issuers& issuers, const Profiles& profiles,
             RateLimits& limits, const base::Clock& clock, const ClockWatch& clock_watch,
             crypto::Random& random, std::function<base::Executor()> next_executor,
             base::Announcements& announcements, base::Log& log, Observer& observer,
             Options options = {});

    /// Takes up the intents that a former process left.
    void start();
    void stop(base::Milliseconds patience);

    /// Begins issuance for an order that is ready, and waits for its end, `patience` at most. The
    /// order as it is then in the store, to be shown. The same CSR again is no error. Throws a
    /// problem for a bad CSR and for names that are not allowed any more (the order stays ready),
    /// and for an order in another state. `account`: the order's, if what the operator lets it have
    /// matters.
    [[nodiscard]] base::Task<OrderView> finalize(OrderView view, protocol::FinalizeRequest request,
                                                 RequestContext context,
                                                 base::Milliseconds patience,
                                                 std::optional<Account> account = {});
    /// The order to be shown to who asks for it and has read `view`: that, or, while it is being
    /// processed, the order as it is at the end of its issuance or of `patience`.
    [[nodiscard]] base::Task<OrderView> settled(OrderView view, base::Milliseconds patience);

  private:
    /// What the request that begins an issuance has read: the order, with its intent, its
    /// authorizations, and the CSR of the intent.
    struct Facts {
        Order order;
        std::vector<Authorization> proofs;
        pki::Csr csr;
        AccountScope scope;
        std::vector<CaaCheck> caa;
    };
    using Issuings = JobsInFlight<OrderId, Facts, OrderView>;

    /// What a request to finalize has to wait for.
    struct Beginning {
        bool is_under_way;
        Issuings::Handle issuing;  ///< null if another process, or an earlier request, began it
    };
    /// Checks the request and writes the intent, if there is none with the same CSR yet. The end of
    /// the issuance is announced under the order's id.
    base::Task<Beginning> begin(OrderView view, protocol::FinalizeRequest request,
                                RequestContext context, std::optional<Account> account);
    /// Throws the problem for which `csr` is refused: by the profile, the operator's lists, and
    /// `scope`, that of the account.
    void require_allowed(const pki::Csr& csr, const Order& order, const Profile& profile,
                         const AccountScope& scope) const;
    /// What the operator lets the account have; with the URIs of its external key if `csr` has any.
    base::Task<AccountScope> scope_of(Account account, const pki::Csr& csr);
    /// Writes the intent, if the limits let it; `over_limit` is never returned. `intent` is as it
    /// was written.
    base::Task<OrderStore::IssuanceBeginning> begin_within_limits(const Order& order,
                                                                  IssuanceIntent& intent,
                                                                  OrderStore::RequestedKey key,
                                                                  RequestContext context);
    /// The issuance to wait for if the order has an intent with the same CSR already.
    static std::optional<Beginning> repeated(const OrderView& view, const base::Bytes& csr);
    /// The order as the store has it now.
    base::Task<OrderView> present(OrderId id, AccountId account);
    base::Task<void> carry_out(OrderId id);
    /// The jobs that the store has, and those whose ending is not settled.
    base::Task<std::vector<QueuedJob>> unfinished(std::size_t limit);
    /// Writes the end of an order; false if it had ended already. Remembers the ending if the
    /// store's answer is lost.
    base::Task<bool> write(OrderId id, const IssuanceEnding& ending);
    /// Whether it was this ending, sent earlier, that ended `order`, which is told then.
    base::Task<void> settle(Order order, IssuanceEnding earlier);
    /// Counts and logs what was written.
    void tell(const Order& order, const IssuanceEnding& ending);
    base::Task<void> give_up(OrderId id);
    /// The issuer for such a certificate. Throws a problem if there is none, IssuerUnavailable if
    /// none is valid now.
    [[nodiscard]] const Issuer& require_issuer(const Issuers::Wanted& wanted) const;
    /// The same for a request, which does not wait: throws a problem in both cases.
    [[nodiscard]] const Issuer& require_issuer_at_once(const Issuers::Wanted& wanted) const;
    /// `known` with what a look at the CAA records found for the names of which the last is about
    /// to lapse. Throws the problem for which nothing may be issued.
    base::Task<std::vector<CaaCheck>> renew_caa(const Order& order,
                                                std::span<const Authorization> proofs,
                                                std::vector<CaaCheck> known,
                                                const std::string& request);
    /// The proof that the order's intent may be carried out, and by whom.
    struct ProvenIntent {
        IssuanceProof proof;
        const Issuer& issuer;
    };
    /// Throws the problem for which it may not, SignerUnavailable if it may at another time.
    [[nodiscard]] ProvenIntent prove(const Facts& facts) const;
    /// What is signed for an order, by whom, and what is kept of it.
    struct BoundDraft {
        const Issuer& issuer;
        IssuedCertificate record;
        Draft draft;
    };
    /// Draws up what `proven` proves. Where the signature is made outside of this process, the
    /// issuance is bound first to what is to be signed, or to what it is bound to already. Nothing
    /// if it has ended meanwhile. Throws SignerUnavailable if its issuer is not there, and what
    /// `Issuer::draft` throws.
    base::Task<std::optional<BoundDraft>> bind(const Order& order, ProvenIntent proven);
    /// Drafts, lints and signs what `proven` proves. With a problem if the lint refuses it; nothing
    /// if the issuance has ended meanwhile. Throws as `bind` does.
    base::Task<std::optional<IssuanceEnding>> draw_up_and_sign(const Order& order,
                                                               ProvenIntent proven);
    /// Binds, and has the linter judge what came of it. Throws LintRefused if the CA's own lint or
    /// the linter refuses it, both of which are told.
    base::Task<std::optional<BoundDraft>> bind_linted(const Order& order, ProvenIntent proven);
    /// Counts and logs that nothing is signed for the order.
    void tell_refused(Observer::Lint lint, const Order& order, std::string_view findings);
    /// The issuer that an issuance is bound to. Throws SignerUnavailable if it is not there.
    [[nodiscard]] const Issuer& require_bound(const IssuancePin& pin) const;
    /// The facts of an order whose intent is in the store and may be old. Throws the problem that
    /// came up since.
    base::Task<Facts> read_again(Order order);

    Repository& repository_;
    const Issuers& issuers_;
    const Profiles& profiles_;
    RateLimits& limits_;
    const base::Clock& clock_;
    const ClockWatch& clock_watch_;
    crypto::Random& random_;
    base::Announcements& announcements_;
    base::Log& log_;
    Observer& observer_;
    const Options options_;
    Issuings issuings_;
    UnsettledEndings unsettled_;
    JobQueue queue_;
};

}  // namespace cairn::ca
