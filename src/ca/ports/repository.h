#pragma once

#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/task.h"
#include "ca/facts/account.h"
#include "ca/facts/authorization.h"
#include "ca/facts/cause.h"
#include "ca/facts/certificate.h"
#include "ca/facts/charge.h"
#include "ca/facts/external_key.h"
#include "ca/facts/id.h"
#include "ca/facts/order.h"
#include "ca/facts/retention.h"
#include "ca/ports/audit_store.h"
#include "ca/ports/crl_store.h"
#include "ca/ports/listing_store.h"
#include "ca/ports/operator_store.h"
#include "ca/ports/renewal_store.h"
#include "ca/ports/work_leases.h"

// The ports through which the CA keeps its facts. Each call is one atomic step. When a call that
// writes returns, what it wrote is durable; when it throws, nothing was written, unless it throws
// OutcomeUnknown. Calls may be made from any executor, in parallel; the task resumes on the
// executor that it was awaited on.
//
// Some calls that write carry charges, which they take from token buckets in the same step, at the
// time of what they write. Where the buckets hold too little, the call writes nothing and takes
// nothing, and its decision says so; where it writes nothing for another reason, or throws, it
// takes nothing either. Charges that can never be accepted throw std::invalid_argument, as those of
// CounterStore::charge.
//
// A store that cannot serve (disk full, connection lost) throws a StoreFailure.
namespace cairn::ca {

/// The store cannot serve now; the same call may succeed later. The derived type says what became
/// of a call that writes.
class StoreFailure : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Nothing was written.
class StoreUnavailable : public StoreFailure {
  public:
    using StoreFailure::StoreFailure;
};

/// It is not known whether it was written, or still will be: the database's answer was lost, and
/// what became of the call could not be read back.
class OutcomeUnknown : public StoreFailure {
  public:
    using StoreFailure::StoreFailure;
};

class AccountStore {
  public:
    virtual ~AccountStore() = default;

    /// Why no account may have a key.
    enum class KeyRefusal {
        blocked,
        certified,  ///< it is in a certificate, or in one whose issuance has begun
    };
    struct Creation {
        Account account;
        bool created;  ///< false: an account with this key was there, and is unchanged
        std::optional<KeyRefusal> refusal = std::nullopt;  ///< no account has this key, nor will it
        ChargeDecision decision{};                         ///< refused: no account has this key
        /// The external key of the binding cannot be used (any more); no account has this key.
        bool is_binding_refused = false;
    };
    /// Adds `account` unless its key is on an account already, deactivated ones included, or no
    /// account may have it, or the external key of its binding is not usable at `account.created`,
    /// or the buckets refuse; asked in this order. An account that is added takes one use of that
    /// external key. As in all calls that give a key a use: the step that writes also checks what
    /// the key is used for already, and no other call can give it another use at the same time.
    [[nodiscard]] virtual base::Task<Creation> create_account(Account account,
                                                              Charges charges = {}) = 0;
    [[nodiscard]] virtual base::Task<std::optional<Account>> find_account(AccountId id) = 0;
    [[nodiscard]] virtual base::Task<std::optional<Account>> find_account_by_key(
        crypto::Sha256Digest thumbprint) = 0;
    /// The accounts that follow `after` in the order of their ids, thus roughly of their creation;
    /// at most `limit`.
    [[nodiscard]] virtual base::Task<std::vector<Account>> list_accounts(
        std::optional<AccountId> after, std::size_t limit) = 0;
    /// Changes an account that is not deactivated; the account afterwards.
    [[nodiscard]] virtual base::Task<std::optional<Account>> update_account(
        AccountId id, AccountChange change) = 0;
    [[nodiscard]] virtual base::Task<std::optional<ExternalKey>> find_external_key(
        std::string kid) = 0;
    struct KeyReplacement {
        enum class Outcome {
            replaced,
            taken,  ///< `holder` has the new key
            stale,  ///< the account's key is not the old one any more, or it is deactivated
            key_is_blocked,
            key_is_certified,  ///< as KeyRefusal
        };
        Outcome outcome;
        std::optional<AccountId> holder;
    };
    /// Replaces the key of account `id` if it still is `old_thumbprint`, nobody has the new one and
    /// an account may have it.
    [[nodiscard]] virtual base::Task<KeyReplacement> replace_account_key(
        AccountId id, crypto::Sha256Digest old_thumbprint, protocol::Jwk new_key) = 0;
};

/// What an order has that no other order may have at the same time. Both are seen in the step
/// that writes, and of many orders at once one gets them.
struct OrderClaims {
    /// What the client asked for (`likeness_of`, ca/rules/order_reuse.h): until an order is
    /// being finalized, there is no other with the same. None: it does not matter.
    std::optional<crypto::Sha256Digest> likeness{};
    /// The order that has this likeness, if it may lose it, since it is not to be given out
    /// again.
    std::optional<OrderId> former_twin{};
    /// The order that replaces the same certificate, if it has become invalid.
    std::optional<OrderId> former_replacement{};
};

class OrderStore {
  public:
    virtual ~OrderStore() = default;

    /// Which valid authorizations a new order may stand on.
    struct Reuse {
        base::Time finished_after;  ///< validated later than this
        base::Time finished_by;     ///< but not after this: that was by a wrong clock
        base::Time lapsing_after;   ///< and valid beyond this
        /// By the order's identifiers: names above each; an authorization of one of them that is
        /// for subdomains proves the identifier as well. Empty: none is looked for.
        std::vector<std::vector<protocol::Identifier>> above{};
    };
    using Claims = OrderClaims;
    struct Placement {
        /// The valid authorizations that took a place, by that in `fresh`.
        std::vector<std::optional<Authorization>> reused;
        ChargeDecision decision{};  ///< refused: there is no order
        /// There is no order, because this one has the same likeness.
        std::optional<OrderId> twin{};
        /// There is no order, because this one replaces the same certificate.
        std::optional<Replacement> replacement{};
    };
    /// Adds an order and those of its authorizations that are new. With `reuse`, `fresh` has one
    /// for each identifier, and where the account has a valid authorization for the same identifier
    /// (wildcard or not is part of it), or one above it as `reuse` says, the one that lapses last
    /// takes the place of the fresh one, which is not added. A fresh one may stand at several
    /// places, for identifiers below its own; it is added once, if it keeps a place. Of an
    /// account's authorizations for one identifier only the ten that lapse last are looked at.
    /// Claims are asked before charges; the one on a certificate comes of `order.replaces`.
    [[nodiscard]] virtual base::Task<Placement> create_order(Order order,
                                                             std::vector<Authorization> fresh,
                                                             std::optional<Reuse> reuse,
                                                             Charges charges = {},
                                                             Claims claims = {}) = 0;
    struct Preauthorization {
        /// The valid authorization that there is already.
        std::optional<Authorization> reused{};
        bool is_full = false;       ///< too many are pending; none was added
        ChargeDecision decision{};  ///< refused: none was added
    };
    /// Adds an authorization that no order asked for (RFC 8555 section 7.4.1), unless the account
    /// has a valid one for the same identifier that `reuse` allows (and that is for subdomains
    /// where `fresh` is), or `most_pending` that were so added are pending, or the buckets refuse;
    /// asked in this order. Calls for one account at the same time may add a few more.
    [[nodiscard]] virtual base::Task<Preauthorization> create_authorization(
        Authorization fresh, Reuse reuse, std::size_t most_pending, Charges charges = {}) = 0;
    [[nodiscard]] virtual base::Task<std::optional<Order>> find_order(OrderId id) = 0;
    /// An order with its authorizations, in its order; none if it has an intent, since they do not
    /// matter to it any more.
    struct OrderAndProofs {
        Order order;
        std::vector<Authorization> proofs;
    };
    [[nodiscard]] virtual base::Task<std::optional<OrderAndProofs>> find_order_and_proofs(
        OrderId id) = 0;
    [[nodiscard]] virtual base::Task<std::optional<Authorization>> find_authorization(
        AuthorizationId id) = 0;
    /// The authorizations with these ids, in their order; every one must exist.
    [[nodiscard]] virtual base::Task<std::vector<Authorization>> find_authorizations(
        std::vector<AuthorizationId> ids) = 0;
    /// For each identifier (wildcard or not is part of it): the authorization of this account and
    /// no other that is valid at `now`, was so before, and lapses last, if there is one.
    [[nodiscard]] virtual base::Task<std::vector<std::optional<Authorization>>>
    find_valid_authorizations(AccountId account, std::vector<protocol::Identifier> identifiers,
                              base::Time now) = 0;
    /// Orders of the account, newest first, at most `limit`, older than `before` if given.
    [[nodiscard]] virtual base::Task<std::vector<OrderId>> orders_of(AccountId account,
                                                                     std::optional<OrderId> before,
                                                                     std::size_t limit) = 0;

    /// Records that `attempt` has started, if the authorization was pending then and has none yet.
    /// True for exactly one caller.
    [[nodiscard]] virtual base::Task<bool> begin_validation(AuthorizationId id,
                                                            ValidationAttempt attempt) = 0;
    /// Records that a try of `attempt` failed with its problem and that the attempt goes on. Its
    /// begin need not be recorded. False where `finish_validation` would record nothing.
    [[nodiscard]] virtual base::Task<bool> note_failed_try(AuthorizationId id,
                                                           ValidationAttempt attempt,
                                                           base::Time now) = 0;
    struct ValidationEnd {
        bool is_recorded = false;
        ChargeDecision decision{};  ///< refused: the attempt has not ended
    };
    /// Records how `attempt` ended, its begin recorded or not: with a problem it failed,
    /// without one the authorization is valid until `expires`. One that was recorded keeps the
    /// start and the request that were. It is not recorded if an attempt with another method was
    /// begun, one has ended already, the authorization was deactivated, or it had expired before
    /// the end of an attempt that was not recorded; then nothing is taken. It is recorded for
    /// exactly one caller.
    [[nodiscard]] virtual base::Task<ValidationEnd> finish_validation(AuthorizationId id,
                                                                      ValidationAttempt attempt,
                                                                      base::Time expires,
                                                                      Charges charges = {}) = 0;
    /// False if it was not pending or valid at `now`, or is being validated.
    [[nodiscard]] virtual base::Task<bool> deactivate_authorization(AuthorizationId id,
                                                                    base::Time now) = 0;

    /// The key of a CSR, as the store knows keys.
    struct RequestedKey {
        crypto::Sha256Digest id;          ///< SHA-256 of its SPKI
        crypto::Sha256Digest thumbprint;  ///< that of its JWK (RFC 7638), as of an account's key
    };
    enum class IssuanceBeginning {
        begun,
        key_is_blocked,
        key_is_an_accounts,
        refused,
        over_limit,  ///< a bucket refused, and nothing else did; CounterStore::look says which
    };
    /// Records the intent if the key is neither blocked nor any account's, and the order has no
    /// intent, no problem, has not expired at `intent.begun`, neither its account nor one of its
    /// authorizations was deactivated, no external key that vouches for one was revoked, and then
    /// the buckets do not refuse. `begun` for exactly one caller. What was taken is kept with the
    /// order.
    [[nodiscard]] virtual base::Task<IssuanceBeginning> begin_issuance(OrderId id,
                                                                       IssuanceIntent intent,
                                                                       RequestedKey key,
                                                                       Charges charges = {}) = 0;
    /// Binds an issuance that has begun and not ended to `pin`, unless it is bound already. The pin
    /// that stands afterwards, of whoever came first; none if there is no such issuance. Called
    /// before anything signed may leave the process, so most issuances end without.
    [[nodiscard]] virtual base::Task<std::optional<IssuancePin>> pin_issuance(OrderId id,
                                                                              IssuancePin pin) = 0;
    /// Adds the certificate and marks the order completed, in one step. False if the order was
    /// completed or failed already, or is bound to another issuer; then nothing is added.
    [[nodiscard]] virtual base::Task<bool> complete_issuance(OrderId id,
                                                             IssuedCertificate certificate) = 0;
    /// Marks an order that has an intent and is not completed as failed. With `now`, what its
    /// issuance took from buckets goes back there in the same step, less what has come back by
    /// itself since.
    [[nodiscard]] virtual base::Task<bool> fail_issuance(
        OrderId id, protocol::Problem problem, std::optional<base::Time> now = std::nullopt) = 0;

    struct UnfinishedValidation {
        AuthorizationId id;
        AccountId account;
        protocol::Identifier identifier;
    };
    struct UnfinishedIssuance {
        OrderId id;
        AccountId account;
    };
    /// Attempts that were begun and not finished, and intents neither completed nor failed, that
    /// are this node's own or of no living node: the jobs to take up after a crash, of this process
    /// or another. Whoever begins a job, or is told of it here, has it, until it ends or its node
    /// dies. An embedded store has one node, so it tells of all. The oldest of each account, then
    /// the second oldest of each, and so on; at most `limit`.
    [[nodiscard]] virtual base::Task<std::vector<UnfinishedValidation>>
    claim_unfinished_validations(std::size_t limit) = 0;
    [[nodiscard]] virtual base::Task<std::vector<UnfinishedIssuance>> claim_unfinished_issuances(
        std::size_t limit) = 0;
};

class CertificateStore {
  public:
    virtual ~CertificateStore() = default;

    /// Adds a certificate that no order asked for: the server's own.
    [[nodiscard]] virtual base::Task<void> add_certificate(IssuedCertificate certificate) = 0;
    [[nodiscard]] virtual base::Task<std::optional<IssuedCertificate>> find_certificate(
        pki::SerialNumber serial) = 0;
    /// A certificate with the chains of its issuer; none, if they were never saved.
    struct Download {
        IssuedCertificate certificate;
        std::optional<IssuerChains> issuer;
    };
    [[nodiscard]] virtual base::Task<std::optional<Download>> find_download(
        pki::SerialNumber serial) = 0;
    enum class RevocationOutcome { revoked, raised_to_key_compromise, already_revoked, unknown };
    /// Revokes this certificate and no other. One that is revoked for another reason is raised to
    /// keyCompromise if that is the new one.
    [[nodiscard]] virtual base::Task<RevocationOutcome> revoke_certificate(
        pki::SerialNumber serial, Revocation revocation) = 0;
    /// True for a compromised key, and for one that the operator or a former version blocked.
    [[nodiscard]] virtual base::Task<bool> is_key_blocked(crypto::Sha256Digest key) = 0;

    /// Remembers an issuer's chains, so that certificates are served with the same ones after the
    /// issuer was replaced. Saving the same again changes nothing.
    [[nodiscard]] virtual base::Task<void> save_issuer(IssuerId id, IssuerChains chains) = 0;
    [[nodiscard]] virtual base::Task<std::optional<IssuerChains>> find_issuer(IssuerId id) = 0;
};

/// Buckets that are emptied by use and fill with time, counted exactly by all nodes together.
class CounterStore {
  public:
    virtual ~CounterStore() = default;

    /// Takes from all of these buckets or, if one of them holds too little at `now`, from none. A
    /// bucket that was never named is full. Throws std::invalid_argument for what can never be,
    /// such as a cost above the capacity or a bucket that is named twice.
    [[nodiscard]] virtual base::Task<ChargeDecision> charge(Charges charges, base::Time now) = 0;
    /// What `charge` would decide now. Nothing is taken or marked: charges that refuse nothing are
    /// left out of the decision, so they stand behind the others.
    [[nodiscard]] virtual base::Task<ChargeDecision> look(Charges charges, base::Time now) = 0;
};

/// Everything that the CA keeps, behind one owner.
class Repository : public AccountStore,
                   public OrderStore,
                   public CertificateStore,
                   public CrlStore,
                   public ListingStore,
                   public CounterStore,
                   public OperatorStore,
                   public RenewalStore,
                   public AuditStore,
                   public WorkLeases {
  public:
    /// The same store for calls that somebody causes: who tells of them, tells of that too. It must
    /// not outlive this object.
    [[nodiscard]] virtual std::shared_ptr<Repository> on_behalf_of(Cause) {
        return {std::shared_ptr<Repository>(), this};
    }

    /// Writes what changes nothing. Throws, saying why, if nothing can be written.
    [[nodiscard]] virtual base::Task<void> probe() = 0;

    /// The time that was kept last, see ca/work/clock_watch.h; none in a new store. A store of a
    /// version that kept none says what its objects tell.
    [[nodiscard]] virtual base::Task<std::optional<base::Time>> believed_time() = 0;
    /// Keeps a time at which the clock was believed, in the place of the former one.
    [[nodiscard]] virtual base::Task<void> keep_believed_time(base::Time time) = 0;

    /// One small step of forgetting: looks at no more than `at_most` objects and removes those of
    /// them that ended before their cut-off time and that nothing stands on:
    /// - orders that expired, unless their issuance is unfinished;
    /// - authorizations that expired, unless they are being validated, or their account has an
    /// order
    ///   that was created before, or within an hour after, they expired, and so may refer to them;
    /// - certificates whose validity is over, with their revocation and what replaced them; one
    ///   that is revoked once every list that is kept up was signed since (RFC 5280 section 3.3). A
    ///   blocked key stays blocked.
    ///
    /// The steps go round: each continues where the former ended, until one says that the round is
    /// over. Space that became free is given back to the system meanwhile, where the store can.
    /// Of several nodes one makes the steps (WorkLeases); where two do, each object goes once.
    [[nodiscard]] virtual base::Task<Removal> remove_expired(RetentionCutoffs cutoffs,
                                                             std::size_t at_most) = 0;
};

}  // namespace cairn::ca
