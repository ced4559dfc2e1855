#pragma once
// Private to the .cpp files of store.

#include "ca/ports/repository.h"
#include "store/object_cache.h"
#include "store/postgres/node.h"
#include "store/postgres/nonces.h"
#include "store/postgres/pool.h"
#include "store/postgres/request_checks.h"
#include "store/postgres/store.h"

namespace cairn::store {

/// The ports of the CA over PostgreSQL. Each change is one statement that holds all its conditions,
/// so it is atomic and safe among any number of nodes. What is read comes from the database each
/// time; of accounts, the database says whether the one in memory is still the present one.
class PostgresRepository final : public ca::SharedRepository {
  public:
    PostgresRepository(const PostgresOptions& options, const std::vector<base::Executor>& executors,
                       base::Log& log, ca::Observer& observer);
    ~PostgresRepository() override;

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

    // order_creation.cpp
    base::Task<Placement> create_order(ca::Order order, std::vector<ca::Authorization> fresh,
                                       std::optional<Reuse> reuse, ca::Charges charges,
                                       Claims claims) override;

    // orders.cpp
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

    base::Task<void> probe() override;
    base::Task<std::optional<base::Time>> believed_time() override;
    base::Task<void> keep_believed_time(base::Time time) override;

    // retention.cpp
    base::Task<ca::Removal> remove_expired(ca::RetentionCutoffs cutoffs,
                                           std::size_t at_most) override;

    // counters.cpp
    base::Task<ca::ChargeDecision> charge(ca::Charges charges, base::Time now) override;
    base::Task<ca::ChargeDecision> look(ca::Charges charges, base::Time now) override;
    base::Task<bool> reset_bucket(std::string bucket) override;
    base::Task<void> set_limit_override(ca::LimitOverride wanted) override;
    base::Task<bool> remove_limit_override(std::string key) override;
    base::Task<std::vector<ca::LimitOverride>> list_limit_overrides(std::string after,
                                                                    std::size_t limit) override;

    // work_leases.cpp
    base::Task<Lease> try_lease(std::string work, base::Milliseconds duration) override;
    base::Task<void> release(std::string work) override;

    ca::Nonces& nonces() override { return nonces_; }
    ca::RequestChecks& checks() override { return checks_; }
    void report_configuration(std::string digest) override {
        node_.report_configuration(std::move(digest));
    }
    void announce_reload() override { node_.announce_reload(); }
    ca::ClusterHealth health() const override { return node_.health(); }
    std::chrono::sys_time<base::Milliseconds> clock_offset() const override {
        return node_.clock_offset();
    }

  private:
    enum class RetentionStage { orders, authorizations, certificates };
    base::Task<std::size_t> remove_in_order(const Statement& statement, base::Time cutoff,
                                            std::size_t at_most);

    /// How an order that is there already was placed: what it stands on instead of `fresh`.
    base::Task<Placement> stored_placement(ca::Order stored, std::vector<ca::Authorization> fresh);
    /// The account in a row that begins with its version, remembered.
    ca::Account remember(PostgresRow& row);
    template <class... Values>
    [[nodiscard]] base::Task<Answer> run(const Statement& statement, const Values&... values) {
        return pool_.call(statement, Parameters::of(values...));
    }

    PostgresPool pool_;
    PostgresNode node_;
    SharedNonces nonces_;
    ObjectCache<KnownAccount> accounts_{4096};
    PostgresRequestChecks checks_;
    // Used by one call of remove_expired at a time.
    RetentionStage retention_stage_ = RetentionStage::orders;
    base::Bytes retention_position_;  ///< the last id of the stage's table that was looked at
};

/// What read_authorization reads, of authorizations called `a`.
inline const std::string authorization_columns =
    "a.id, a.account, a.identifier, a.created, a.expires, a.token, a.offered, a.profile,"
    " a.subdomains, a.deactivated, a.started, a.method, a.finished, a.problem, a.request,"
    " a.vouched_by";
/// The authorizations in rows that begin with a place, counted from 1, each at its place.
[[nodiscard]] std::vector<std::optional<ca::Authorization>> placed_authorizations(
    const Answer& answer, std::size_t places);

}  // namespace cairn::store
