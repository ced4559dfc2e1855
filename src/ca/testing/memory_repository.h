#pragma once
// Private to the tests of ca, store, api and admin: a repository that keeps everything in memory.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ca/ports/repository.h"
#include "ca/rules/challenge_rules.h"
#include "ca/testing/store_script.h"

namespace cairn::ca::testing {

/// What a repository keeps, for whoever opens it next: as a database outlives a process.
struct MemoryFacts {
    struct KeptOrder {
        Order order;
        /// The key of the intent's CSR (SHA-256 of its SPKI).
        std::optional<crypto::Sha256Digest> key{};
        /// What its issuance took: bucket and nanoseconds.
        std::map<std::string, std::int64_t> charged{};
        std::optional<crypto::Sha256Digest> likeness{};
    };

    std::mutex mutex;
    std::map<AccountId, Account> accounts;
    std::map<std::string, ExternalKey> external_keys;
    std::map<OrderId, KeptOrder> orders;
    std::map<AuthorizationId, Authorization> authorizations;
    /// Those that no order asked for.
    std::set<AuthorizationId> preauthorizations;
    /// As they were issued, with the revocation that was asked for.
    std::map<pki::SerialNumber, IssuedCertificate> certificates;
    std::map<IssuerId, IssuerChains> issuers;
    std::map<IssuerId, base::Time> retired_issuers;
    /// By the serial number of the certificate that is replaced.
    std::map<pki::SerialNumber, Replacement> replacements;
    std::map<PullForwardId, PullForward> pull_forwards;
    /// Those that are compromised are among them.
    std::set<crypto::Sha256Digest> blocked_keys;
    std::map<crypto::Sha256Digest, base::Time> compromised_keys;
    /// When each bucket will be full, in nanoseconds since 1970.
    std::map<std::string, std::int64_t> buckets;
    std::map<std::string, Rate> overrides;
    std::optional<base::Time> believed_time;
    struct KeptCrl {
        CrlList list;
        std::optional<SignedCrl> present{};
        std::int64_t wishes = 0;
    };
    std::map<CrlId, KeptCrl> crls;
    /// Revocations that lists tell of, with the reason that they tell.
    std::map<pki::SerialNumber, protocol::RevocationReason> listed;
    /// By their chain and span.
    std::map<std::pair<AuditChainId, std::uint64_t>, AuditHead> audit_heads;
    /// Compromised keys all of whose certificates have a revocation of their own.
    std::set<crypto::Sha256Digest> unfolded_keys;
};

/// Keeps the promises of ca/ports/repository.h (src/store runs its contract tests with it too), and
/// does what a script says at each call.
class MemoryRepository final : public Repository {
  public:
    explicit MemoryRepository(std::shared_ptr<MemoryFacts> facts,
                              std::shared_ptr<StoreScript> script = std::make_shared<StoreScript>())
        : facts_(std::move(facts)), script_(std::move(script)) {}

    base::Task<Creation> create_account(Account account, Charges charges) override;
    base::Task<std::optional<Account>> find_account(AccountId id) override;
    base::Task<std::optional<Account>> find_account_by_key(
        crypto::Sha256Digest thumbprint) override;
    base::Task<std::vector<Account>> list_accounts(std::optional<AccountId> after,
                                                   std::size_t limit) override;
    base::Task<std::optional<Account>> update_account(AccountId id, AccountChange change) override;
    base::Task<std::optional<Account>> deactivate_account(AccountId id, base::Time now) override;
    base::Task<std::optional<Account>> set_account_scope(AccountId id, AccountScope scope) override;
    base::Task<KeyReplacement> replace_account_key(AccountId id,
                                                   crypto::Sha256Digest old_thumbprint,
                                                   protocol::Jwk new_key) override;

    // memory_external_keys.cpp
    base::Task<std::optional<ExternalKey>> find_external_key(std::string kid) override;
    base::Task<bool> create_external_key(ExternalKey key) override;
    base::Task<std::optional<ExternalKey>> revoke_external_key(std::string kid,
                                                               base::Time now) override;
    base::Task<std::vector<ExternalKey>> list_external_keys(std::optional<std::string> after,
                                                            std::size_t limit) override;
    base::Task<std::vector<Account>> accounts_bound_to(std::string kid,
                                                       std::optional<AccountId> after,
                                                       std::size_t limit) override;

    base::Task<Placement> create_order(Order order, std::vector<Authorization> fresh,
                                       std::optional<Reuse> reuse, Charges charges,
                                       Claims claims) override;
    base::Task<Preauthorization> create_authorization(Authorization fresh, Reuse reuse,
                                                      std::size_t most_pending,
                                                      Charges charges) override;
    base::Task<std::optional<Order>> find_order(OrderId id) override;
    base::Task<std::optional<OrderAndProofs>> find_order_and_proofs(OrderId id) override;
    base::Task<std::optional<Authorization>> find_authorization(AuthorizationId id) override;
    base::Task<std::vector<Authorization>> find_authorizations(
        std::vector<AuthorizationId> ids) override;
    base::Task<std::vector<std::optional<Authorization>>> find_valid_authorizations(
        AccountId account, std::vector<protocol::Identifier> identifiers, base::Time now) override;
    base::Task<std::vector<OrderId>> orders_of(AccountId account, std::optional<OrderId> before,
                                               std::size_t limit) override;
    base::Task<bool> begin_validation(AuthorizationId id, ValidationAttempt attempt) override;
    base::Task<bool> note_failed_try(AuthorizationId id, ValidationAttempt attempt,
                                     base::Time now) override;
    base::Task<ValidationEnd> finish_validation(AuthorizationId id, ValidationAttempt attempt,
                                                base::Time expires, Charges charges) override;
    base::Task<bool> deactivate_authorization(AuthorizationId id, base::Time now) override;
    base::Task<IssuanceBeginning> begin_issuance(OrderId id, IssuanceIntent intent,
                                                 RequestedKey key, Charges charges) override;
    base::Task<std::optional<IssuancePin>> pin_issuance(OrderId id, IssuancePin pin) override;
    base::Task<bool> complete_issuance(OrderId id, IssuedCertificate certificate) override;
    base::Task<bool> fail_issuance(OrderId id, protocol::Problem problem,
                                   std::optional<base::Time> now) override;
    base::Task<std::vector<UnfinishedValidation>> claim_unfinished_validations(
        std::size_t limit) override;
    base::Task<std::vector<UnfinishedIssuance>> claim_unfinished_issuances(
        std::size_t limit) override;

    base::Task<void> add_certificate(IssuedCertificate certificate) override;
    base::Task<std::optional<IssuedCertificate>> find_certificate(
        pki::SerialNumber serial) override;
    base::Task<std::optional<Download>> find_download(pki::SerialNumber serial) override;
    base::Task<RevocationOutcome> revoke_certificate(pki::SerialNumber serial,
                                                     Revocation revocation) override;
    base::Task<bool> block_key(crypto::Sha256Digest key) override;
    base::Task<bool> record_key_compromise(crypto::Sha256Digest key, base::Time now) override;
    base::Task<bool> is_key_blocked(crypto::Sha256Digest key) override;
    base::Task<void> save_issuer(IssuerId id, IssuerChains chains) override;
    base::Task<std::optional<IssuerChains>> find_issuer(IssuerId id) override;
    base::Task<bool> retire_issuer(IssuerId issuer, std::optional<base::Time> now) override;
    base::Task<std::vector<RetiredIssuer>> retired_issuers() override;

    base::Task<bool> add_pull_forward(PullForward rule) override;
    base::Task<std::vector<PullForward>> pull_forwards() override;
    base::Task<Count> count_pulled_forward(PullForward rule, base::Time now,
                                           std::optional<pki::SerialNumber> after,
                                           std::size_t limit) override;
    base::Task<bool> remove_pull_forward(PullForwardId id) override;
    base::Task<std::optional<Replacement>> find_replacement(pki::SerialNumber serial) override;

    // memory_listings.cpp
    base::Task<CertificatesStep> look_for_certificates(CertificateFilter filter,
                                                       std::optional<pki::SerialNumber> before,
                                                       std::size_t look_at) override;
    base::Task<OrdersStep> look_for_orders(OrderFilter filter, std::optional<OrderId> before,
                                           std::size_t look_at) override;

    // memory_crls.cpp
    base::Task<std::vector<CrlList>> add_crl_lists(IssuerId issuer,
                                                   std::vector<std::string> urls) override;
    base::Task<std::vector<CrlState>> crl_states() override;
    base::Task<std::vector<UnlistedRevocation>> unlisted_revocations(
        IssuerId issuer, std::optional<pki::SerialNumber> after, std::size_t limit) override;
    base::Task<void> mark_listed(std::vector<UnlistedRevocation> revocations) override;
    base::Task<KeysStep> unfold_compromised_keys(std::optional<crypto::Sha256Digest> after,
                                                 std::size_t most_keys, std::size_t most) override;
    base::Task<std::vector<ListedRevocation>> revocations_of(CrlList list, base::Time ended_after,
                                                             std::optional<pki::SerialNumber> after,
                                                             std::size_t limit) override;
    base::Task<bool> save_crl(SignedCrl crl) override;
    base::Task<std::optional<SignedCrl>> find_crl(CrlId list) override;
    base::Task<std::size_t> wish_for_crls(std::optional<IssuerId> issuer) override;

    // memory_audit.cpp
    base::Task<bool> save_audit_head(AuditHead head) override;
    base::Task<std::optional<AuditHead>> find_audit_head(AuditChainId chain) override;
    base::Task<std::vector<AuditHead>> list_audit_heads(AuditChainId chain, std::uint64_t after,
                                                        std::size_t limit) override;
    base::Task<std::vector<AuditHead>> list_audit_chains(std::optional<AuditChainId> after,
                                                         std::size_t limit) override;

    base::Task<ChargeDecision> charge(Charges charges, base::Time now) override;
    base::Task<ChargeDecision> look(Charges charges, base::Time now) override;
    base::Task<bool> reset_bucket(std::string bucket) override;
    base::Task<void> set_limit_override(LimitOverride wanted) override;
    base::Task<bool> remove_limit_override(std::string key) override;
    base::Task<std::vector<LimitOverride>> list_limit_overrides(std::string after,
                                                                std::size_t limit) override;

    // There is one node.
    base::Task<Lease> try_lease(std::string work, base::Milliseconds duration) override;
    base::Task<void> release(std::string work) override;

    base::Task<void> probe() override;
    base::Task<std::optional<base::Time>> believed_time() override;
    base::Task<void> keep_believed_time(base::Time time) override;
    base::Task<Removal> remove_expired(RetentionCutoffs cutoffs, std::size_t at_most) override;

  private:
    enum class RetentionStage { orders, authorizations, certificates };

    /// One call: `step` is atomic.
    template <class Step>
    base::Task<std::invoke_result_t<Step&>> run(StoreCall call, Step step) {
        co_await script_->reach(call, StoreScript::Moment::before);
        if constexpr (std::is_void_v<std::invoke_result_t<Step&>>) {
            locked(step);
            co_await script_->reach(call, StoreScript::Moment::after);
        } else {
            auto result = locked(step);
            co_await script_->reach(call, StoreScript::Moment::after);
            co_return result;
        }
    }
    template <class Step>
    std::invoke_result_t<Step&> locked(Step& step) {
        const std::scoped_lock lock(facts_->mutex);
        return step();
    }

    // All below are called within a step.
    [[nodiscard]] const Account* holder_of(const crypto::Sha256Digest& thumbprint) const;
    [[nodiscard]] std::optional<KeyRefusal> refusal_of(const protocol::Jwk& key) const;
    /// The one of this identifier that lapses last.
    [[nodiscard]] std::optional<Authorization> reusable(const AccountId& account,
                                                        const protocol::Identifier& identifier,
                                                        Breadth breadth, const Reuse& reuse) const;
    /// What an order may stand on for its identifier at `place`.
    [[nodiscard]] std::optional<Authorization> standing(const Order& order, std::size_t place,
                                                        const Reuse& reuse) const;
    /// The external key of the account's binding, if it is bound and the key is usable.
    [[nodiscard]] ExternalKey* usable_key_of(const Account& account);
    /// Who has what an order claims; the rest of the placement is empty.
    [[nodiscard]] Placement holders_of(const Order& order, const Claims& claims) const;
    /// Gives the order what it claims.
    void take_claims(const Order& order, const Claims& claims);
    [[nodiscard]] bool has_lost_its_ground(const Order& order) const;
    /// The authorization, if an attempt with this method can be recorded to go on or end at `now`.
    [[nodiscard]] Authorization* open_attempt(const AuthorizationId& id,
                                              const ValidationAttempt& attempt, base::Time now);
    void insert(IssuedCertificate certificate);
    /// With the revocation that is in force.
    [[nodiscard]] std::optional<IssuedCertificate> state_of(const pki::SerialNumber& serial) const;
    std::size_t sweep_orders(base::Time cutoff, std::size_t at_most, Removal& removal);
    std::size_t sweep_authorizations(base::Time cutoff, std::size_t at_most, Removal& removal);
    std::size_t sweep_certificates(base::Time cutoff, base::Time abandoned, std::size_t at_most,
                                   Removal& removal);

    std::shared_ptr<MemoryFacts> facts_;
    std::shared_ptr<StoreScript> script_;
    RetentionStage stage_ = RetentionStage::orders;
    std::optional<OrderId> last_order_;
    std::optional<AuthorizationId> last_authorization_;
};

/// Takes from the buckets of `facts` as CounterStore promises it. Throws std::invalid_argument for
/// what cannot be. `taken`, if given, is told what was taken from each: nanoseconds.
[[nodiscard]] ChargeDecision take_from(MemoryFacts& facts, const Charges& charges, base::Time now,
                                       std::map<std::string, std::int64_t>* taken = nullptr);

}  // namespace cairn::ca::testing
