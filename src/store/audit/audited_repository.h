#pragma once

#include <memory>
#include <string_view>

#include "ca/ports/audit.h"
#include "ca/ports/repository.h"

namespace cairn::store {

/// A store whose writing calls stand in the audit log: each is recorded, durable, before the store
/// is asked, and what did not take place after all is noted behind it. So whatever anybody can see
/// in the store stands in the log, whoever died in between; a record without the act is possible
/// there alone where the process ended.
///
/// A call that is added to the ports does not compile before it is decided here what is told of it.
class AuditedRepository final : public ca::Repository {
  public:
    /// `store` and `audit` outlive it.
    AuditedRepository(ca::Repository& store, ca::Audit& audit, ca::Cause cause = {})
        : store_(store), audit_(audit), cause_(std::move(cause)) {}

    std::shared_ptr<ca::Repository> on_behalf_of(ca::Cause cause) override {
        return std::make_shared<AuditedRepository>(store_, audit_, std::move(cause));
    }
    /// Of the store and of the log.
    base::Task<void> probe() override;

    // audited_repository.cpp: accounts and operators
    base::Task<Creation> create_account(ca::Account account, ca::Charges charges) override;
    base::Task<std::optional<ca::Account>> update_account(ca::AccountId id,
                                                          ca::AccountChange change) override;
    base::Task<KeyReplacement> replace_account_key(ca::AccountId id,
                                                   crypto::Sha256Digest old_thumbprint,
                                                   protocol::Jwk new_key) override;
    base::Task<std::optional<ca::Account>> deactivate_account(ca::AccountId id,
                                                              base::Time now) override;
    base::Task<std::optional<ca::Account>> set_account_scope(ca::AccountId id,
                                                             ca::AccountScope scope) override;
    base::Task<bool> block_key(crypto::Sha256Digest key) override;
    base::Task<bool> record_key_compromise(crypto::Sha256Digest key, base::Time now) override;
    base::Task<bool> reset_bucket(std::string bucket) override;
    base::Task<bool> create_external_key(ca::ExternalKey key) override;
    base::Task<std::optional<ca::ExternalKey>> revoke_external_key(std::string kid,
                                                                   base::Time now) override;
    base::Task<void> set_limit_override(ca::LimitOverride wanted) override;
    base::Task<bool> remove_limit_override(std::string key) override;
    base::Task<bool> retire_issuer(ca::IssuerId issuer, std::optional<base::Time> now) override;
    base::Task<bool> add_pull_forward(ca::PullForward rule) override;
    base::Task<bool> remove_pull_forward(ca::PullForwardId id) override;

    // audited_orders.cpp: orders, certificates, lists
    base::Task<Placement> create_order(ca::Order order, std::vector<ca::Authorization> fresh,
                                       std::optional<Reuse> reuse, ca::Charges charges,
                                       Claims claims) override;
    base::Task<Preauthorization> create_authorization(ca::Authorization fresh, Reuse reuse,
                                                      std::size_t most_pending,
                                                      ca::Charges charges) override;
    base::Task<bool> begin_validation(ca::AuthorizationId id,
                                      ca::ValidationAttempt attempt) override;
    base::Task<bool> note_failed_try(ca::AuthorizationId id, ca::ValidationAttempt attempt,
                                     base::Time now) override;
    base::Task<ValidationEnd> finish_validation(ca::AuthorizationId id,
                                                ca::ValidationAttempt attempt, base::Time expires,
                                                ca::Charges charges) override;
    base::Task<bool> deactivate_authorization(ca::AuthorizationId id, base::Time now) override;
    base::Task<IssuanceBeginning> begin_issuance(ca::OrderId id, ca::IssuanceIntent intent,
                                                 RequestedKey key, ca::Charges charges) override;
    base::Task<std::optional<ca::IssuancePin>> pin_issuance(ca::OrderId id,
                                                            ca::IssuancePin pin) override;
    base::Task<bool> complete_issuance(ca::OrderId id, ca::IssuedCertificate certificate) override;
    base::Task<bool> fail_issuance(ca::OrderId id, protocol::Problem problem,
                                   std::optional<base::Time> now) override;
    base::Task<void> add_certificate(ca::IssuedCertificate certificate) override;
    base::Task<RevocationOutcome> revoke_certificate(pki::SerialNumber serial,
                                                     ca::Revocation revocation) override;
    base::Task<void> save_issuer(ca::IssuerId id, ca::IssuerChains chains) override;
    base::Task<bool> save_crl(ca::SignedCrl crl) override;
    base::Task<std::size_t> wish_for_crls(std::optional<ca::IssuerId> issuer) override;
    base::Task<ca::Removal> remove_expired(ca::RetentionCutoffs cutoffs,
                                           std::size_t at_most) override;

    // Bookkeeping of the CA's own: what follows from acts that are told, and nobody's act itself.

    base::Task<std::vector<ca::CrlList>> add_crl_lists(ca::IssuerId issuer,
                                                       std::vector<std::string> urls) override {
        return store_.add_crl_lists(issuer, std::move(urls));
    }
    base::Task<void> mark_listed(std::vector<ca::UnlistedRevocation> revocations) override {
        return store_.mark_listed(std::move(revocations));
    }
    base::Task<KeysStep> unfold_compromised_keys(std::optional<crypto::Sha256Digest> after,
                                                 std::size_t most_keys, std::size_t most) override {
        return store_.unfold_compromised_keys(after, most_keys, most);
    }
    base::Task<ca::ChargeDecision> charge(ca::Charges charges, base::Time now) override {
        return store_.charge(std::move(charges), now);
    }
    base::Task<Lease> try_lease(std::string work, base::Milliseconds duration) override {
        return store_.try_lease(std::move(work), duration);
    }
    base::Task<void> release(std::string work) override { return store_.release(std::move(work)); }
    base::Task<void> keep_believed_time(base::Time time) override {
        return store_.keep_believed_time(time);
    }
    base::Task<bool> save_audit_head(ca::AuditHead head) override {
        return store_.save_audit_head(std::move(head));
    }
    // Which node carries out a job that was begun.
    base::Task<std::vector<UnfinishedValidation>> claim_unfinished_validations(
        std::size_t limit) override {
        return store_.claim_unfinished_validations(limit);
    }
    base::Task<std::vector<UnfinishedIssuance>> claim_unfinished_issuances(
        std::size_t limit) override {
        return store_.claim_unfinished_issuances(limit);
    }

    // Calls that read.

    base::Task<std::optional<ca::Account>> find_account(ca::AccountId id) override {
        return store_.find_account(id);
    }
    base::Task<std::optional<ca::Account>> find_account_by_key(
        crypto::Sha256Digest thumbprint) override {
        return store_.find_account_by_key(thumbprint);
    }
    base::Task<std::vector<ca::Account>> list_accounts(std::optional<ca::AccountId> after,
                                                       std::size_t limit) override {
        return store_.list_accounts(after, limit);
    }
    base::Task<std::optional<ca::ExternalKey>> find_external_key(std::string kid) override {
        return store_.find_external_key(std::move(kid));
    }
    base::Task<std::vector<ca::ExternalKey>> list_external_keys(std::optional<std::string> after,
                                                                std::size_t limit) override {
        return store_.list_external_keys(std::move(after), limit);
    }
    base::Task<std::vector<ca::Account>> accounts_bound_to(std::string kid,
                                                           std::optional<ca::AccountId> after,
                                                           std::size_t limit) override {
        return store_.accounts_bound_to(std::move(kid), after, limit);
    }
    base::Task<std::vector<ca::LimitOverride>> list_limit_overrides(std::string after,
                                                                    std::size_t limit) override {
        return store_.list_limit_overrides(std::move(after), limit);
    }
    base::Task<std::vector<RetiredIssuer>> retired_issuers() override {
        return store_.retired_issuers();
    }
    base::Task<std::optional<ca::Order>> find_order(ca::OrderId id) override {
        return store_.find_order(id);
    }
    base::Task<std::optional<OrderAndProofs>> find_order_and_proofs(ca::OrderId id) override {
        return store_.find_order_and_proofs(id);
    }
    base::Task<std::optional<ca::Authorization>> find_authorization(
        ca::AuthorizationId id) override {
        return store_.find_authorization(id);
    }
    base::Task<std::vector<ca::Authorization>> find_authorizations(
        std::vector<ca::AuthorizationId> ids) override {
        return store_.find_authorizations(std::move(ids));
    }
    base::Task<std::vector<std::optional<ca::Authorization>>> find_valid_authorizations(
        ca::AccountId account, std::vector<protocol::Identifier> identifiers,
        base::Time now) override {
        return store_.find_valid_authorizations(account, std::move(identifiers), now);
    }
    base::Task<std::vector<ca::OrderId>> orders_of(ca::AccountId account,
                                                   std::optional<ca::OrderId> before,
                                                   std::size_t limit) override {
        return store_.orders_of(account, before, limit);
    }
    base::Task<std::optional<ca::IssuedCertificate>> find_certificate(
        pki::SerialNumber serial) override {
        return store_.find_certificate(std::move(serial));
    }
    base::Task<std::optional<Download>> find_download(pki::SerialNumber serial) override {
        return store_.find_download(std::move(serial));
    }
    base::Task<bool> is_key_blocked(crypto::Sha256Digest key) override {
        return store_.is_key_blocked(key);
    }
    base::Task<std::optional<ca::IssuerChains>> find_issuer(ca::IssuerId id) override {
        return store_.find_issuer(id);
    }
    base::Task<std::vector<ca::CrlState>> crl_states() override { return store_.crl_states(); }
    base::Task<std::vector<ca::UnlistedRevocation>> unlisted_revocations(
        ca::IssuerId issuer, std::optional<pki::SerialNumber> after, std::size_t limit) override {
        return store_.unlisted_revocations(issuer, std::move(after), limit);
    }
    base::Task<std::vector<ca::ListedRevocation>> revocations_of(
        ca::CrlList list, base::Time ended_after, std::optional<pki::SerialNumber> after,
        std::size_t limit) override {
        return store_.revocations_of(std::move(list), ended_after, std::move(after), limit);
    }
    base::Task<std::optional<ca::SignedCrl>> find_crl(ca::CrlId list) override {
        return store_.find_crl(list);
    }
    base::Task<ca::ChargeDecision> look(ca::Charges charges, base::Time now) override {
        return store_.look(std::move(charges), now);
    }
    base::Task<std::vector<ca::PullForward>> pull_forwards() override {
        return store_.pull_forwards();
    }
    base::Task<Count> count_pulled_forward(ca::PullForward rule, base::Time now,
                                           std::optional<pki::SerialNumber> after,
                                           std::size_t limit) override {
        return store_.count_pulled_forward(std::move(rule), now, std::move(after), limit);
    }
    base::Task<std::optional<ca::Replacement>> find_replacement(pki::SerialNumber serial) override {
        return store_.find_replacement(std::move(serial));
    }
    base::Task<CertificatesStep> look_for_certificates(ca::CertificateFilter filter,
                                                       std::optional<pki::SerialNumber> before,
                                                       std::size_t look_at) override {
        return store_.look_for_certificates(std::move(filter), std::move(before), look_at);
    }
    base::Task<OrdersStep> look_for_orders(ca::OrderFilter filter,
                                           std::optional<ca::OrderId> before,
                                           std::size_t look_at) override {
        return store_.look_for_orders(std::move(filter), before, look_at);
    }
    base::Task<std::optional<base::Time>> believed_time() override {
        return store_.believed_time();
    }
    base::Task<std::optional<ca::AuditHead>> find_audit_head(ca::AuditChainId chain) override {
        return store_.find_audit_head(chain);
    }
    base::Task<std::vector<ca::AuditHead>> list_audit_heads(ca::AuditChainId chain,
                                                            std::uint64_t after,
                                                            std::size_t limit) override {
        return store_.list_audit_heads(chain, after, limit);
    }
    base::Task<std::vector<ca::AuditHead>> list_audit_chains(std::optional<ca::AuditChainId> after,
                                                             std::size_t limit) override {
        return store_.list_audit_chains(after, limit);
    }

  private:
    /// An entry with what is known of the cause.
    [[nodiscard]] ca::AuditEntry entry(ca::AuditEvent event) const;
    /// The same of an act that a request, which was kept, asked for.
    [[nodiscard]] ca::AuditEntry entry(ca::AuditEvent event, const std::string& request) const;

    ca::Repository& store_;
    ca::Audit& audit_;
    const ca::Cause cause_;
};

}  // namespace cairn::store
