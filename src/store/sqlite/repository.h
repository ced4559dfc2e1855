#pragma once
// Private to the .cpp files of store.

#include "ca/ports/repository.h"
#include "store/object_cache.h"
#include "store/sqlite/blocked_keys.h"
#include "store/sqlite/group_commit.h"
#include "store/sqlite/reader_pool.h"
#include "store/sqlite/retention_sweep.h"
#include "store/sqlite/server_lock.h"
#include "store/sqlite/store.h"
#include "store/token_bucket.h"

namespace cairn::store {

struct Issuer {
    ca::IssuerId id;
    ca::IssuerChains chains;
};

/// The ports of the CA over one SQLite database. What writes is a step of the group commit; what
/// reads does so on the calling thread, from memory where the object was used lately. Every
/// condition of a change stands in its SQL.
class SqliteRepository final : public ca::Repository {
  public:
    SqliteRepository(const SqliteOptions& options, base::Log& log, ca::Observer& observer);

    base::Task<void> probe() override;
    base::Task<std::optional<base::Time>> believed_time() override;
    base::Task<void> keep_believed_time(base::Time time) override;

    // accounts.cpp
    base::Task<Creation> create_account(ca::Account account, ca::Charges charges) override;
    base::Task<std::optional<ca::Account>> find_account(ca::AccountId id) override;
    base::Task<std::optional<ca::Account>> find_account_by_key(
        crypto::Sha256Digest thumbprint) override;
    base::Task<std::vector<ca::Account>> list_accounts(std::optional<ca::AccountId> after,
                                                       std::size_t limit) override;
    base::Task<std::optional<ca::Account>> update_account(ca::AccountId id,
                                                          ca::AccountChange change) override;
    base::Task<std::optional<ca::Account>> set_account_scope(ca::AccountId id,
                                                             ca::AccountScope scope) override;
    base::Task<std::optional<ca::Account>> deactivate_account(ca::AccountId id,
                                                              base::Time now) override;
    base::Task<KeyReplacement> replace_account_key(ca::AccountId id,
                                                   crypto::Sha256Digest old_thumbprint,
                                                   protocol::Jwk new_key) override;

    // external_keys.cpp
    base::Task<std::optional<ca::ExternalKey>> find_external_key(std::string kid) override;
    base::Task<bool> create_external_key(ca::ExternalKey key) override;
    base::Task<std::optional<ca::ExternalKey>> revoke_external_key(std::string kid,
                                                                   base::Time now) override;
    base::Task<std::vector<ca::ExternalKey>> list_external_keys(std::optional<std::string> after,
                                                                std::size_t limit) override;
    base::Task<std::vector<ca::Account>> accounts_bound_to(std::string kid,
                                                           std::optional<ca::AccountId> after,
                                                           std::size_t limit) override;

    // orders.cpp
    base::Task<Placement> create_order(ca::Order order, std::vector<ca::Authorization> fresh,
                                       std::optional<Reuse> reuse, ca::Charges charges,
                                       Claims claims) override;
    base::Task<std::optional<ca::Order>> find_order(ca::OrderId id) override;
    base::Task<std::optional<OrderAndProofs>> find_order_and_proofs(ca::OrderId id) override;
    base::Task<std::vector<ca::OrderId>> orders_of(ca::AccountId account,
                                                   std::optional<ca::OrderId> before,
                                                   std::size_t limit) override;
    base::Task<IssuanceBeginning> begin_issuance(ca::OrderId id, ca::IssuanceIntent intent,
                                                 RequestedKey key, ca::Charges charges) override;
    base::Task<std::optional<ca::IssuancePin>> pin_issuance(ca::OrderId id,
                                                            ca::IssuancePin pin) override;
    base::Task<bool> complete_issuance(ca::OrderId id, ca::IssuedCertificate certificate) override;
    base::Task<bool> fail_issuance(ca::OrderId id, protocol::Problem problem,
                                   std::optional<base::Time> now) override;
    base::Task<std::vector<UnfinishedIssuance>> claim_unfinished_issuances(
        std::size_t limit) override;

    // authorizations.cpp
    base::Task<Preauthorization> create_authorization(ca::Authorization fresh, Reuse reuse,
                                                      std::size_t most_pending,
                                                      ca::Charges charges) override;
    base::Task<std::optional<ca::Authorization>> find_authorization(
        ca::AuthorizationId id) override;
    base::Task<std::vector<ca::Authorization>> find_authorizations(
        std::vector<ca::AuthorizationId> ids) override;
    base::Task<std::vector<std::optional<ca::Authorization>>> find_valid_authorizations(
        ca::AccountId account, std::vector<protocol::Identifier> identifiers,
        base::Time now) override;
    base::Task<bool> begin_validation(ca::AuthorizationId id,
                                      ca::ValidationAttempt attempt) override;
    base::Task<bool> note_failed_try(ca::AuthorizationId id, ca::ValidationAttempt attempt,
                                     base::Time now) override;
    base::Task<ValidationEnd> finish_validation(ca::AuthorizationId id,
                                                ca::ValidationAttempt attempt, base::Time expires,
                                                ca::Charges charges) override;
    base::Task<bool> deactivate_authorization(ca::AuthorizationId id, base::Time now) override;
    base::Task<std::vector<UnfinishedValidation>> claim_unfinished_validations(
        std::size_t limit) override;

    // certificates.cpp
    base::Task<void> add_certificate(ca::IssuedCertificate certificate) override;
    base::Task<std::optional<ca::IssuedCertificate>> find_certificate(
        pki::SerialNumber serial) override;
    base::Task<std::optional<Download>> find_download(pki::SerialNumber serial) override;
    base::Task<RevocationOutcome> revoke_certificate(pki::SerialNumber serial,
                                                     ca::Revocation revocation) override;
    base::Task<bool> block_key(crypto::Sha256Digest key) override;
    base::Task<bool> record_key_compromise(crypto::Sha256Digest key, base::Time now) override;
    base::Task<bool> is_key_blocked(crypto::Sha256Digest key) override;
    base::Task<void> save_issuer(ca::IssuerId id, ca::IssuerChains chains) override;
    base::Task<std::optional<ca::IssuerChains>> find_issuer(ca::IssuerId id) override;
    base::Task<bool> retire_issuer(ca::IssuerId issuer, std::optional<base::Time> now) override;
    base::Task<std::vector<RetiredIssuer>> retired_issuers() override;

    // renewals.cpp
    base::Task<bool> add_pull_forward(ca::PullForward rule) override;
    base::Task<std::vector<ca::PullForward>> pull_forwards() override;
    base::Task<Count> count_pulled_forward(ca::PullForward rule, base::Time now,
                                           std::optional<pki::SerialNumber> after,
                                           std::size_t limit) override;
    base::Task<bool> remove_pull_forward(ca::PullForwardId id) override;
    base::Task<std::optional<ca::Replacement>> find_replacement(pki::SerialNumber serial) override;

    // listings.cpp
    base::Task<CertificatesStep> look_for_certificates(ca::CertificateFilter filter,
                                                       std::optional<pki::SerialNumber> before,
                                                       std::size_t look_at) override;
    base::Task<OrdersStep> look_for_orders(ca::OrderFilter filter,
                                           std::optional<ca::OrderId> before,
                                           std::size_t look_at) override;

    // crls.cpp
    base::Task<std::vector<ca::CrlList>> add_crl_lists(ca::IssuerId issuer,
                                                       std::vector<std::string> urls) override;
    base::Task<std::vector<ca::CrlState>> crl_states() override;
    base::Task<std::vector<ca::UnlistedRevocation>> unlisted_revocations(
        ca::IssuerId issuer, std::optional<pki::SerialNumber> after, std::size_t limit) override;
    base::Task<void> mark_listed(std::vector<ca::UnlistedRevocation> revocations) override;
    base::Task<KeysStep> unfold_compromised_keys(std::optional<crypto::Sha256Digest> after,
                                                 std::size_t most_keys, std::size_t most) override;
    base::Task<std::vector<ca::ListedRevocation>> revocations_of(
        ca::CrlList list, base::Time ended_after, std::optional<pki::SerialNumber> after,
        std::size_t limit) override;
    base::Task<bool> save_crl(ca::SignedCrl crl) override;
    base::Task<std::optional<ca::SignedCrl>> find_crl(ca::CrlId list) override;
    base::Task<std::size_t> wish_for_crls(std::optional<ca::IssuerId> issuer) override;

    // audit_heads.cpp
    base::Task<bool> save_audit_head(ca::AuditHead head) override;
    base::Task<std::optional<ca::AuditHead>> find_audit_head(ca::AuditChainId chain) override;
    base::Task<std::vector<ca::AuditHead>> list_audit_heads(ca::AuditChainId chain,
                                                            std::uint64_t after,
                                                            std::size_t limit) override;
    base::Task<std::vector<ca::AuditHead>> list_audit_chains(std::optional<ca::AuditChainId> after,
                                                             std::size_t limit) override;

    // counters.cpp
    base::Task<ca::ChargeDecision> charge(ca::Charges charges, base::Time now) override;
    base::Task<ca::ChargeDecision> look(ca::Charges charges, base::Time now) override;
    base::Task<bool> reset_bucket(std::string bucket) override;
    base::Task<void> set_limit_override(ca::LimitOverride wanted) override;
    base::Task<bool> remove_limit_override(std::string key) override;
    base::Task<std::vector<ca::LimitOverride>> list_limit_overrides(std::string after,
                                                                    std::size_t limit) override;

    // One process has the store, and with it every lease.
    base::Task<Lease> try_lease(std::string, base::Milliseconds duration) override {
        co_return Lease{Lease::Holder::this_node, duration};
    }
    base::Task<void> release(std::string) override { co_return; }

    // retention.cpp
    base::Task<ca::Removal> remove_expired(ca::RetentionCutoffs cutoffs,
                                           std::size_t at_most) override;

  private:
    void load_blocked_keys();
    /// Part of a step: why no account may have this key.
    std::optional<KeyRefusal> refusal_of(Connection& connection, const protocol::Jwk& key);
    /// Called by a step: once it is committed, `apply` makes its change in memory too. What `apply`
    /// refers to lives as long as the task that waits for the step.
    template <class Object, class Apply>
    void announce(ObjectCache<Object>& cache, const typename ObjectCache<Object>::Id& id,
                  Apply apply) {
        writer_.after_commit([&cache, &id, apply] { cache.change(id, apply); });
    }

    // The readers close before the writer, whose end moves the log into the database.
    ServerLock lock_;
    GroupCommit writer_;
    ReaderPool readers_;
    ObjectCache<ca::Account> accounts_;
    ObjectCache<ca::Order> orders_;
    ObjectCache<ca::Authorization> authorizations_;
    /// A client downloads its certificate right after it was issued.
    ObjectCache<ca::IssuedCertificate> certificates_;
    ObjectCache<Issuer> issuers_;
    BlockedKeys blocked_keys_;
    /// Used by steps alone.
    RetentionSweep retention_sweep_;
};

/// Parts of steps, each within the step's transaction.
/// Who asked for an authorization.
enum class Origin { order, preauthorization };
void insert_authorization(Connection& connection, const ca::Authorization& authorization,
                          Origin origin);
/// The valid authorization of this identifier that `reuse` allows and that lapses last; the second
/// finds those alone that are for subdomains.
[[nodiscard]] std::optional<ca::Authorization> find_reusable(Connection& connection,
                                                             const ca::AccountId& account,
                                                             const protocol::Identifier& identifier,
                                                             const ca::OrderStore::Reuse& reuse);
[[nodiscard]] std::optional<ca::Authorization> find_reusable_for_subdomains(
    Connection& connection, const ca::AccountId& account, const protocol::Identifier& identifier,
    const ca::OrderStore::Reuse& reuse);
/// What was taken from a bucket, in nanoseconds.
struct TakenFrom {
    std::string bucket;
    std::int64_t cost;
};
struct Taking {
    ca::ChargeDecision decision;
    std::vector<TakenFrom> taken;
};
/// Takes from all of these buckets or, if one of them refuses, from none.
[[nodiscard]] Taking take(Connection& connection, std::span<const ca::Charge> charges,
                          std::span<const Withdrawal> withdrawals, Instant now);
/// Gives back what was taken at `taken_at`, as far as it has not come back since.
void give_back(Connection& connection, std::span<const TakenFrom> taken, Instant taken_at,
               Instant now);
void insert_certificate(Connection& connection, const ca::IssuedCertificate& certificate);
[[nodiscard]] bool is_blocked(Connection& connection, const crypto::Sha256Digest& key);
/// Whether this key (SHA-256 of its SPKI) is in a certificate, or in one whose issuance has begun.
[[nodiscard]] bool is_certified(Connection& connection, const crypto::Sha256Digest& key);
/// Whether an account can be bound to this external key at `now`.
[[nodiscard]] bool is_usable(Connection& connection, const std::string& kid, base::Time now);
/// The account that has this key, deactivated ones included.
[[nodiscard]] std::optional<ca::AccountId> holder_of(Connection& connection,
                                                     const crypto::Sha256Digest& thumbprint);

}  // namespace cairn::store
