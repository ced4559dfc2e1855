#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "ca/ports/repository.h"
#include "tests/faults/program/fault_point.h"

namespace cairn::faults {

/// Awaits `step`; `point` learns when it is about to be done and when it has been done.
template <class Value>
base::Task<Value> around(FaultPoint& point, std::string name, base::Task<Value> step) {
    point.reach(name, FaultPoint::Moment::before);
    if constexpr (std::is_void_v<Value>) {
        co_await std::move(step);
        point.reach(name, FaultPoint::Moment::after);
    } else {
        auto value = co_await std::move(step);
        point.reach(name, FaultPoint::Moment::after);
        co_return value;
    }
}

/// A store with a fault point before and after each call that writes.
class FaultyRepository final : public ca::Repository {
  public:
    FaultyRepository(std::unique_ptr<ca::Repository> store, FaultPoint& point)
        : store_(std::move(store)), point_(point) {}

    // Calls that write.

    base::Task<Creation> create_account(ca::Account account, ca::Charges charges) override {
        return around(point_, "create_account",
                      store_->create_account(std::move(account), std::move(charges)));
    }
    base::Task<std::optional<ca::Account>> update_account(ca::AccountId id,
                                                          ca::AccountChange change) override {
        return around(point_, "update_account", store_->update_account(id, std::move(change)));
    }
    base::Task<bool> create_external_key(ca::ExternalKey key) override {
        return around(point_, "create_external_key", store_->create_external_key(std::move(key)));
    }
    base::Task<std::optional<ca::ExternalKey>> revoke_external_key(std::string kid,
                                                                   base::Time now) override {
        return around(point_, "revoke_external_key",
                      store_->revoke_external_key(std::move(kid), now));
    }
    base::Task<std::optional<ca::Account>> deactivate_account(ca::AccountId id,
                                                              base::Time now) override {
        return around(point_, "deactivate_account", store_->deactivate_account(std::move(id), now));
    }
    base::Task<std::optional<ca::Account>> set_account_scope(ca::AccountId id,
                                                             ca::AccountScope scope) override {
        return store_->set_account_scope(std::move(id), std::move(scope));
    }
    base::Task<KeyReplacement> replace_account_key(ca::AccountId id,
                                                   crypto::Sha256Digest old_thumbprint,
                                                   protocol::Jwk new_key) override {
        return around(
            point_, "replace_account_key",
            store_->replace_account_key(std::move(id), old_thumbprint, std::move(new_key)));
    }
    base::Task<Placement> create_order(ca::Order order, std::vector<ca::Authorization> fresh,
                                       std::optional<Reuse> reuse, ca::Charges charges,
                                       Claims claims) override {
        return around(point_, "create_order",
                      store_->create_order(std::move(order), std::move(fresh), std::move(reuse),
                                           std::move(charges), std::move(claims)));
    }
    base::Task<Preauthorization> create_authorization(ca::Authorization fresh, Reuse reuse,
                                                      std::size_t most_pending,
                                                      ca::Charges charges) override {
        return around(point_, "create_authorization",
                      store_->create_authorization(std::move(fresh), std::move(reuse), most_pending,
                                                   std::move(charges)));
    }
    base::Task<bool> begin_validation(ca::AuthorizationId id,
                                      ca::ValidationAttempt attempt) override {
        return around(point_, "begin_validation",
                      store_->begin_validation(std::move(id), std::move(attempt)));
    }
    base::Task<bool> note_failed_try(ca::AuthorizationId id, ca::ValidationAttempt attempt,
                                     base::Time now) override {
        return around(point_, "note_failed_try",
                      store_->note_failed_try(std::move(id), std::move(attempt), now));
    }
    base::Task<ValidationEnd> finish_validation(ca::AuthorizationId id,
                                                ca::ValidationAttempt attempt, base::Time expires,
                                                ca::Charges charges) override {
        return around(point_, "finish_validation",
                      store_->finish_validation(std::move(id), std::move(attempt), expires,
                                                std::move(charges)));
    }
    base::Task<bool> deactivate_authorization(ca::AuthorizationId id, base::Time now) override {
        return around(point_, "deactivate_authorization",
                      store_->deactivate_authorization(std::move(id), now));
    }
    base::Task<IssuanceBeginning> begin_issuance(ca::OrderId id, ca::IssuanceIntent intent,
                                                 RequestedKey key, ca::Charges charges) override {
        return around(
            point_, "begin_issuance",
            store_->begin_issuance(std::move(id), std::move(intent), key, std::move(charges)));
    }
    base::Task<std::optional<ca::IssuancePin>> pin_issuance(ca::OrderId id,
                                                            ca::IssuancePin pin) override {
        return around(point_, "pin_issuance", store_->pin_issuance(std::move(id), std::move(pin)));
    }
    base::Task<bool> complete_issuance(ca::OrderId id, ca::IssuedCertificate certificate) override {
        return around(point_, "complete_issuance",
                      store_->complete_issuance(std::move(id), std::move(certificate)));
    }
    base::Task<bool> fail_issuance(ca::OrderId id, protocol::Problem problem,
                                   std::optional<base::Time> now) override {
        return around(point_, "fail_issuance",
                      store_->fail_issuance(std::move(id), std::move(problem), now));
    }
    base::Task<void> add_certificate(ca::IssuedCertificate certificate) override {
        return around(point_, "add_certificate", store_->add_certificate(std::move(certificate)));
    }
    base::Task<RevocationOutcome> revoke_certificate(pki::SerialNumber serial,
                                                     ca::Revocation revocation) override {
        return around(point_, "revoke_certificate",
                      store_->revoke_certificate(std::move(serial), std::move(revocation)));
    }
    base::Task<bool> record_key_compromise(crypto::Sha256Digest key, base::Time now) override {
        return around(point_, "record_key_compromise", store_->record_key_compromise(key, now));
    }
    base::Task<void> save_issuer(ca::IssuerId id, ca::IssuerChains chains) override {
        return around(point_, "save_issuer", store_->save_issuer(id, std::move(chains)));
    }
    base::Task<std::vector<ca::CrlList>> add_crl_lists(ca::IssuerId issuer,
                                                       std::vector<std::string> urls) override {
        return store_->add_crl_lists(issuer, std::move(urls));
    }
    base::Task<void> mark_listed(std::vector<ca::UnlistedRevocation> revocations) override {
        return around(point_, "mark_listed", store_->mark_listed(std::move(revocations)));
    }
    base::Task<KeysStep> unfold_compromised_keys(std::optional<crypto::Sha256Digest> after,
                                                 std::size_t most_keys, std::size_t most) override {
        return around(point_, "unfold_compromised_keys",
                      store_->unfold_compromised_keys(after, most_keys, most));
    }
    base::Task<bool> save_crl(ca::SignedCrl crl) override {
        return around(point_, "save_crl", store_->save_crl(std::move(crl)));
    }
    base::Task<bool> save_audit_head(ca::AuditHead head) override {
        return around(point_, "save_audit_head", store_->save_audit_head(std::move(head)));
    }
    base::Task<std::size_t> wish_for_crls(std::optional<ca::IssuerId> issuer) override {
        return store_->wish_for_crls(issuer);
    }
    base::Task<ca::Removal> remove_expired(ca::RetentionCutoffs cutoffs,
                                           std::size_t at_most) override {
        return around(point_, "remove_expired", store_->remove_expired(cutoffs, at_most));
    }
    // Calls that write by themselves what nothing else rests on.

    base::Task<ca::ChargeDecision> charge(ca::Charges charges, base::Time now) override {
        return store_->charge(std::move(charges), now);
    }
    base::Task<bool> reset_bucket(std::string bucket) override {
        return store_->reset_bucket(std::move(bucket));
    }
    base::Task<void> set_limit_override(ca::LimitOverride wanted) override {
        return store_->set_limit_override(std::move(wanted));
    }
    base::Task<bool> remove_limit_override(std::string key) override {
        return store_->remove_limit_override(std::move(key));
    }
    base::Task<bool> block_key(crypto::Sha256Digest key) override { return store_->block_key(key); }
    base::Task<bool> add_pull_forward(ca::PullForward rule) override {
        return store_->add_pull_forward(std::move(rule));
    }
    base::Task<bool> remove_pull_forward(ca::PullForwardId id) override {
        return store_->remove_pull_forward(std::move(id));
    }
    base::Task<Lease> try_lease(std::string work, base::Milliseconds duration) override {
        return store_->try_lease(std::move(work), duration);
    }
    base::Task<void> release(std::string work) override { return store_->release(std::move(work)); }
    base::Task<void> keep_believed_time(base::Time time) override {
        return store_->keep_believed_time(time);
    }

    // Calls that read.

    base::Task<ca::ChargeDecision> look(ca::Charges charges, base::Time now) override {
        return store_->look(std::move(charges), now);
    }
    base::Task<std::vector<ca::LimitOverride>> list_limit_overrides(std::string after,
                                                                    std::size_t limit) override {
        return store_->list_limit_overrides(std::move(after), limit);
    }

    base::Task<std::optional<ca::Account>> find_account(ca::AccountId id) override {
        return store_->find_account(std::move(id));
    }
    base::Task<std::optional<ca::Account>> find_account_by_key(
        crypto::Sha256Digest thumbprint) override {
        return store_->find_account_by_key(thumbprint);
    }
    base::Task<std::optional<ca::Order>> find_order(ca::OrderId id) override {
        return store_->find_order(std::move(id));
    }
    base::Task<std::optional<OrderAndProofs>> find_order_and_proofs(ca::OrderId id) override {
        return store_->find_order_and_proofs(std::move(id));
    }
    base::Task<std::optional<ca::Authorization>> find_authorization(
        ca::AuthorizationId id) override {
        return store_->find_authorization(std::move(id));
    }
    base::Task<std::vector<ca::Authorization>> find_authorizations(
        std::vector<ca::AuthorizationId> ids) override {
        return store_->find_authorizations(std::move(ids));
    }
    base::Task<std::vector<std::optional<ca::Authorization>>> find_valid_authorizations(
        ca::AccountId account, std::vector<protocol::Identifier> identifiers,
        base::Time now) override {
        return store_->find_valid_authorizations(std::move(account), std::move(identifiers), now);
    }
    base::Task<std::optional<ca::ExternalKey>> find_external_key(std::string kid) override {
        return store_->find_external_key(std::move(kid));
    }
    base::Task<std::vector<ca::ExternalKey>> list_external_keys(std::optional<std::string> after,
                                                                std::size_t limit) override {
        return store_->list_external_keys(std::move(after), limit);
    }
    base::Task<std::vector<ca::Account>> accounts_bound_to(std::string kid,
                                                           std::optional<ca::AccountId> after,
                                                           std::size_t limit) override {
        return store_->accounts_bound_to(std::move(kid), after, limit);
    }
    base::Task<std::vector<ca::Account>> list_accounts(std::optional<ca::AccountId> after,
                                                       std::size_t limit) override {
        return store_->list_accounts(std::move(after), limit);
    }
    base::Task<std::vector<ca::OrderId>> orders_of(ca::AccountId account,
                                                   std::optional<ca::OrderId> before,
                                                   std::size_t limit) override {
        return store_->orders_of(std::move(account), std::move(before), limit);
    }
    base::Task<std::vector<UnfinishedValidation>> claim_unfinished_validations(
        std::size_t limit) override {
        return store_->claim_unfinished_validations(limit);
    }
    base::Task<std::vector<UnfinishedIssuance>> claim_unfinished_issuances(
        std::size_t limit) override {
        return store_->claim_unfinished_issuances(limit);
    }
    base::Task<std::optional<ca::IssuedCertificate>> find_certificate(
        pki::SerialNumber serial) override {
        return store_->find_certificate(std::move(serial));
    }
    base::Task<std::optional<Download>> find_download(pki::SerialNumber serial) override {
        return store_->find_download(std::move(serial));
    }
    base::Task<bool> is_key_blocked(crypto::Sha256Digest key) override {
        return store_->is_key_blocked(key);
    }
    base::Task<std::vector<ca::PullForward>> pull_forwards() override {
        return store_->pull_forwards();
    }
    base::Task<Count> count_pulled_forward(ca::PullForward rule, base::Time now,
                                           std::optional<pki::SerialNumber> after,
                                           std::size_t limit) override {
        return store_->count_pulled_forward(std::move(rule), now, std::move(after), limit);
    }
    base::Task<std::optional<ca::Replacement>> find_replacement(pki::SerialNumber serial) override {
        return store_->find_replacement(std::move(serial));
    }
    base::Task<CertificatesStep> look_for_certificates(ca::CertificateFilter filter,
                                                       std::optional<pki::SerialNumber> before,
                                                       std::size_t look_at) override {
        return store_->look_for_certificates(std::move(filter), std::move(before), look_at);
    }
    base::Task<OrdersStep> look_for_orders(ca::OrderFilter filter,
                                           std::optional<ca::OrderId> before,
                                           std::size_t look_at) override {
        return store_->look_for_orders(std::move(filter), std::move(before), look_at);
    }
    base::Task<std::vector<ca::CrlState>> crl_states() override { return store_->crl_states(); }
    base::Task<std::vector<ca::UnlistedRevocation>> unlisted_revocations(
        ca::IssuerId issuer, std::optional<pki::SerialNumber> after, std::size_t limit) override {
        return store_->unlisted_revocations(issuer, std::move(after), limit);
    }
    base::Task<std::vector<ca::ListedRevocation>> revocations_of(
        ca::CrlList list, base::Time ended_after, std::optional<pki::SerialNumber> after,
        std::size_t limit) override {
        return store_->revocations_of(std::move(list), ended_after, std::move(after), limit);
    }
    base::Task<std::optional<ca::SignedCrl>> find_crl(ca::CrlId list) override {
        return store_->find_crl(list);
    }
    base::Task<std::optional<ca::AuditHead>> find_audit_head(ca::AuditChainId chain) override {
        return store_->find_audit_head(chain);
    }
    base::Task<std::vector<ca::AuditHead>> list_audit_heads(ca::AuditChainId chain,
                                                            std::uint64_t after,
                                                            std::size_t limit) override {
        return store_->list_audit_heads(chain, after, limit);
    }
    base::Task<std::vector<ca::AuditHead>> list_audit_chains(std::optional<ca::AuditChainId> after,
                                                             std::size_t limit) override {
        return store_->list_audit_chains(after, limit);
    }
    base::Task<bool> retire_issuer(ca::IssuerId issuer, std::optional<base::Time> now) override {
        return store_->retire_issuer(issuer, now);
    }
    base::Task<std::vector<RetiredIssuer>> retired_issuers() override {
        return store_->retired_issuers();
    }
    base::Task<std::optional<ca::IssuerChains>> find_issuer(ca::IssuerId id) override {
        return store_->find_issuer(id);
    }
    base::Task<void> probe() override { return store_->probe(); }
    base::Task<std::optional<base::Time>> believed_time() override {
        return store_->believed_time();
    }

  private:
    std::unique_ptr<ca::Repository> store_;
    FaultPoint& point_;
};

}  // namespace cairn::faults
