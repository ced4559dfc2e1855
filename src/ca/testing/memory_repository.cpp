#include "ca/testing/memory_repository.h"

#include <algorithm>
#include <stdexcept>

namespace cairn::ca::testing {

namespace {

// What certificates know a key by.
crypto::Sha256Digest key_id_of(const protocol::Jwk& key) {
    return crypto::sha256(key.public_key().spki());
}

template <class Map>
auto find_in(const Map& map, const typename Map::key_type& key) {
    const auto entry = map.find(key);
    return entry == map.end() ? std::nullopt : std::optional(entry->second);
}

}  // namespace

// Accounts

const Account* MemoryRepository::holder_of(const crypto::Sha256Digest& thumbprint) const {
    for (const auto& [id, account] : facts_->accounts)
        if (account.key.thumbprint() == thumbprint) return &account;
    return nullptr;
}

std::optional<AccountStore::KeyRefusal> MemoryRepository::refusal_of(
    const protocol::Jwk& key) const {
    const auto id = key_id_of(key);
    if (facts_->blocked_keys.contains(id)) return KeyRefusal::blocked;
    for (const auto& [serial, certificate] : facts_->certificates)
        if (certificate.key == id) return KeyRefusal::certified;
    for (const auto& [number, kept] : facts_->orders) {
        const auto& order = kept.order;
        if (order.intent && !order.completed && !order.problem && kept.key == id)
            return KeyRefusal::certified;
    }
    return std::nullopt;
}

base::Task<AccountStore::Creation> MemoryRepository::create_account(Account account,
                                                                    Charges charges) {
    return run(StoreCall::create_account,
               [this, account = std::move(account), charges = std::move(charges)]() -> Creation {
                   if (const auto* holder = holder_of(account.key.thumbprint()))
                       return {*holder, false};
                   if (const auto refusal = refusal_of(account.key))
                       return {account, false, refusal};
                   if (facts_->accounts.contains(account.id))
                       throw std::runtime_error("an account has this id already");
                   auto* external_key = usable_key_of(account);
                   if (account.binding && external_key == nullptr)
                       return {account, false, std::nullopt, {}, true};
                   auto decision = take_from(*facts_, charges, account.created);
                   const bool is_created = decision.accepted;
                   if (is_created && external_key != nullptr) ++external_key->uses;
                   if (is_created) facts_->accounts.emplace(account.id, account);
                   return {account, is_created, std::nullopt, std::move(decision)};
               });
}

base::Task<std::optional<Account>> MemoryRepository::find_account(AccountId id) {
    return run(StoreCall::find_account, [this, id] { return find_in(facts_->accounts, id); });
}

base::Task<std::optional<Account>> MemoryRepository::find_account_by_key(
    crypto::Sha256Digest thumbprint) {
    return run(StoreCall::find_account_by_key, [this, thumbprint]() -> std::optional<Account> {
        const auto* holder = holder_of(thumbprint);
        return holder == nullptr ? std::nullopt : std::optional(*holder);
    });
}

base::Task<std::vector<Account>> MemoryRepository::list_accounts(std::optional<AccountId> after,
                                                                 std::size_t limit) {
    return run(StoreCall::list_accounts, [this, after, limit] {
        const auto& accounts = facts_->accounts;
        std::vector<Account> page;
        for (auto entry = after ? accounts.upper_bound(*after) : accounts.begin();
             entry != accounts.end() && page.size() < limit; ++entry)
            page.push_back(entry->second);
        return page;
    });
}

base::Task<std::optional<Account>> MemoryRepository::update_account(AccountId id,
                                                                    AccountChange change) {
    return run(StoreCall::update_account,
               [this, id, change = std::move(change)]() -> std::optional<Account> {
                   const auto entry = facts_->accounts.find(id);
                   if (entry == facts_->accounts.end()) return std::nullopt;
                   auto& account = entry->second;
                   if (account.deactivated) return account;
                   if (change.contacts) account.contacts = *change.contacts;
                   if (change.terms) {
                       account.terms_agreed = change.terms->at;
                       account.terms_url = change.terms->url;
                   }
                   return account;
               });
}

base::Task<std::optional<Account>> MemoryRepository::deactivate_account(AccountId id,
                                                                        base::Time now) {
    return run(StoreCall::deactivate_account, [this, id, now]() -> std::optional<Account> {
        const auto entry = facts_->accounts.find(id);
        if (entry == facts_->accounts.end()) return std::nullopt;
        auto& account = entry->second;
        if (!account.deactivated) account.deactivated = now;
        return account;
    });
}

base::Task<std::optional<Account>> MemoryRepository::set_account_scope(AccountId id,
                                                                       AccountScope scope) {
    return run(StoreCall::set_account_scope,
               [this, id, scope = std::move(scope)]() -> std::optional<Account> {
                   const auto entry = facts_->accounts.find(id);
                   if (entry == facts_->accounts.end()) return std::nullopt;
                   entry->second.scope = scope;
                   return entry->second;
               });
}

base::Task<AccountStore::KeyReplacement> MemoryRepository::replace_account_key(
    AccountId id, crypto::Sha256Digest old_thumbprint, protocol::Jwk new_key) {
    return run(StoreCall::replace_account_key,
               [this, id, old_thumbprint, new_key = std::move(new_key)]() -> KeyReplacement {
                   using enum KeyReplacement::Outcome;
                   const auto entry = facts_->accounts.find(id);
                   if (entry == facts_->accounts.end() || entry->second.deactivated ||
                       entry->second.key.thumbprint() != old_thumbprint)
                       return {stale, std::nullopt};
                   if (const auto* holder = holder_of(new_key.thumbprint()))
                       return {taken, holder->id};
                   if (const auto refusal = refusal_of(new_key))
                       return {refusal == KeyRefusal::blocked ? key_is_blocked : key_is_certified,
                               std::nullopt};
                   entry->second.key = new_key;
                   return {replaced, std::nullopt};
               });
}

// Certificates

void MemoryRepository::insert(IssuedCertificate certificate) {
    auto serial = certificate.serial;
    if (!facts_->certificates.emplace(std::move(serial), std::move(certificate)).second)
        throw std::runtime_error("a certificate has this serial number already");
}

std::optional<IssuedCertificate> MemoryRepository::state_of(const pki::SerialNumber& serial) const {
    auto certificate = find_in(facts_->certificates, serial);
    if (!certificate) return std::nullopt;
    const auto compromised = find_in(facts_->compromised_keys, certificate->key);
    if (compromised && *compromised <= certificate->not_after) {
        const auto since = certificate->revocation ? certificate->revocation->at : *compromised;
        certificate->revocation = {since, protocol::RevocationReason::key_compromise};
    }
    return certificate;
}

base::Task<void> MemoryRepository::add_certificate(IssuedCertificate certificate) {
    return run(StoreCall::add_certificate,
               [this, certificate = std::move(certificate)] { insert(certificate); });
}

base::Task<std::optional<IssuedCertificate>> MemoryRepository::find_certificate(
    pki::SerialNumber serial) {
    return run(StoreCall::find_certificate,
               [this, serial = std::move(serial)] { return state_of(serial); });
}

base::Task<std::optional<CertificateStore::Download>> MemoryRepository::find_download(
    pki::SerialNumber serial) {
    return run(StoreCall::find_download,
               [this, serial = std::move(serial)]() -> std::optional<Download> {
                   auto certificate = state_of(serial);
                   if (!certificate) return std::nullopt;
                   auto chain = find_in(facts_->issuers, certificate->issuer);
                   return Download{*std::move(certificate), std::move(chain)};
               });
}

base::Task<CertificateStore::RevocationOutcome> MemoryRepository::revoke_certificate(
    pki::SerialNumber serial, Revocation revocation) {
    return run(StoreCall::revoke_certificate, [this, serial = std::move(serial), revocation] {
        using enum RevocationOutcome;
        using protocol::RevocationReason;
        const auto state = state_of(serial);
        if (!state) return unknown;
        if (state->revocation && state->revocation->reason == RevocationReason::key_compromise)
            return already_revoked;
        auto& present = facts_->certificates.at(serial).revocation;
        if (!present) {
            present = revocation;
            return revoked;
        }
        if (revocation.reason != RevocationReason::key_compromise) return already_revoked;
        present->reason = revocation.reason;
        return raised_to_key_compromise;
    });
}

base::Task<bool> MemoryRepository::block_key(crypto::Sha256Digest key) {
    return run(StoreCall::block_key,
               [this, key] { return facts_->blocked_keys.insert(key).second; });
}

base::Task<bool> MemoryRepository::record_key_compromise(crypto::Sha256Digest key, base::Time now) {
    return run(StoreCall::record_key_compromise, [this, key, now] {
        facts_->blocked_keys.insert(key);
        return facts_->compromised_keys.emplace(key, now).second;
    });
}

base::Task<bool> MemoryRepository::is_key_blocked(crypto::Sha256Digest key) {
    return run(StoreCall::is_key_blocked,
               [this, key] { return facts_->blocked_keys.contains(key); });
}

base::Task<void> MemoryRepository::save_issuer(IssuerId id, IssuerChains chains) {
    return run(StoreCall::save_issuer, [this, id, chains = std::move(chains)] {
        facts_->issuers.insert_or_assign(id, chains);
    });
}

base::Task<std::optional<IssuerChains>> MemoryRepository::find_issuer(IssuerId id) {
    return run(StoreCall::find_issuer, [this, id] { return find_in(facts_->issuers, id); });
}

base::Task<bool> MemoryRepository::retire_issuer(IssuerId issuer, std::optional<base::Time> now) {
    return run(StoreCall::retire_issuer, [this, issuer, now] {
        if (!facts_->issuers.contains(issuer)) return false;
        if (now)
            facts_->retired_issuers.emplace(issuer, *now);
        else
            facts_->retired_issuers.erase(issuer);
        return true;
    });
}

base::Task<std::vector<OperatorStore::RetiredIssuer>> MemoryRepository::retired_issuers() {
    return run(StoreCall::retired_issuers, [this] {
        std::vector<RetiredIssuer> retired;
        for (const auto& [issuer, since] : facts_->retired_issuers)
            retired.push_back({issuer, since});
        return retired;
    });
}

// Renewals

base::Task<bool> MemoryRepository::add_pull_forward(PullForward rule) {
    return run(StoreCall::add_pull_forward, [this, rule = std::move(rule)] {
        if (facts_->pull_forwards.size() >= most_pull_forwards) return false;
        if (!facts_->pull_forwards.emplace(rule.id, rule).second)
            throw std::runtime_error("a rule has this id already");
        return true;
    });
}

base::Task<std::vector<PullForward>> MemoryRepository::pull_forwards() {
    return run(StoreCall::pull_forwards, [this] {
        std::vector<PullForward> rules;
        for (const auto& [id, rule] : facts_->pull_forwards) rules.push_back(rule);
        return rules;
    });
}

base::Task<RenewalStore::Count> MemoryRepository::count_pulled_forward(
    PullForward rule, base::Time now, std::optional<pki::SerialNumber> after, std::size_t limit) {
    return run(StoreCall::count_pulled_forward, [this, rule = std::move(rule), now,
                                                 after = std::move(after), limit] {
        const auto& certificates = facts_->certificates;
        Count count;
        std::size_t seen = 0;
        for (auto entry = after ? certificates.upper_bound(*after) : certificates.begin();
             entry != certificates.end() && seen < limit; ++entry, ++seen) {
            const auto& certificate = entry->second;
            if (certificate.not_after >= now && rule.is_about(certificate)) ++count.meant;
            if (seen + 1 == limit) count.next = entry->first;
        }
        return count;
    });
}

base::Task<bool> MemoryRepository::remove_pull_forward(PullForwardId id) {
    return run(StoreCall::remove_pull_forward,
               [this, id] { return facts_->pull_forwards.erase(id) == 1; });
}

base::Task<std::optional<Replacement>> MemoryRepository::find_replacement(
    pki::SerialNumber serial) {
    return run(StoreCall::find_replacement, [this, serial = std::move(serial)] {
        return find_in(facts_->replacements, serial);
    });
}

// Buckets and time

base::Task<ChargeDecision> MemoryRepository::charge(Charges charges, base::Time now) {
    return run(StoreCall::charge, [this, charges = std::move(charges), now] {
        return take_from(*facts_, charges, now);
    });
}

base::Task<ChargeDecision> MemoryRepository::look(Charges charges, base::Time now) {
    return run(StoreCall::look, [this, charges = std::move(charges), now]() mutable {
        std::erase_if(charges, [](const Charge& charge) {
            return charge.effect == Charge::Effect::mark || charge.effect == Charge::Effect::clear;
        });
        for (auto& charge : charges)
            if (charge.effect == Charge::Effect::take) charge.effect = Charge::Effect::check;
        return take_from(*facts_, charges, now);
    });
}

base::Task<void> MemoryRepository::set_limit_override(LimitOverride wanted) {
    return run(StoreCall::set_limit_override, [this, wanted = std::move(wanted)] {
        facts_->overrides.insert_or_assign(wanted.key, wanted.rate);
    });
}

base::Task<bool> MemoryRepository::remove_limit_override(std::string key) {
    return run(StoreCall::remove_limit_override,
               [this, key = std::move(key)] { return facts_->overrides.erase(key) == 1; });
}

base::Task<std::vector<LimitOverride>> MemoryRepository::list_limit_overrides(std::string after,
                                                                              std::size_t limit) {
    return run(StoreCall::list_limit_overrides, [this, after = std::move(after), limit] {
        std::vector<LimitOverride> found;
        for (auto entry = facts_->overrides.upper_bound(after);
             entry != facts_->overrides.end() && found.size() < limit; ++entry)
            found.push_back({entry->first, entry->second});
        return found;
    });
}

base::Task<bool> MemoryRepository::reset_bucket(std::string bucket) {
    return run(StoreCall::reset_bucket,
               [this, bucket = std::move(bucket)] { return facts_->buckets.erase(bucket) == 1; });
}

base::Task<WorkLeases::Lease> MemoryRepository::try_lease(std::string,
                                                          base::Milliseconds duration) {
    return run(StoreCall::try_lease,
               [duration] { return Lease{Lease::Holder::this_node, duration}; });
}

base::Task<void> MemoryRepository::release(std::string) {
    return run(StoreCall::release, [] {});
}

base::Task<void> MemoryRepository::probe() {
    return run(StoreCall::probe, [] {});
}

base::Task<std::optional<base::Time>> MemoryRepository::believed_time() {
    return run(StoreCall::believed_time, [this] { return facts_->believed_time; });
}

base::Task<void> MemoryRepository::keep_believed_time(base::Time time) {
    return run(StoreCall::keep_believed_time, [this, time] { facts_->believed_time = time; });
}

// Retention

std::size_t MemoryRepository::sweep_orders(base::Time cutoff, std::size_t at_most,
                                           Removal& removal) {
    auto& orders = facts_->orders;
    std::size_t seen = 0;
    for (auto entry = last_order_ ? orders.upper_bound(*last_order_) : orders.begin();
         seen < at_most; ++seen) {
        const bool is_end = entry == orders.end() || entry->second.order.created >= cutoff;
        if (is_end) {
            last_order_.reset();
            stage_ = RetentionStage::authorizations;
            return seen;
        }
        const auto& order = entry->second.order;
        last_order_ = order.id;
        const bool is_unfinished = order.intent && !order.completed && !order.problem;
        if (order.expires < cutoff && !is_unfinished) {
            entry = orders.erase(entry);
            ++removal.removed;
        } else {
            ++entry;
        }
    }
    return seen;
}

std::size_t MemoryRepository::sweep_authorizations(base::Time cutoff, std::size_t at_most,
                                                   Removal& removal) {
    // An order takes over what is valid when it is created. The hour is for clocks that were set
    // back.
    const auto is_needed = [&](const Authorization& proof) {
        const auto first = std::ranges::find_if(facts_->orders, [&](const auto& entry) {
            return entry.second.order.account == proof.account;
        });
        return first != facts_->orders.end() &&
               first->second.order.created <= proof.expires + std::chrono::hours(1);
    };
    auto& proofs = facts_->authorizations;
    std::size_t seen = 0;
    for (auto entry = last_authorization_ ? proofs.upper_bound(*last_authorization_)
                                          : proofs.begin();
         seen < at_most; ++seen) {
        if (entry == proofs.end() || entry->second.created >= cutoff) {
            last_authorization_.reset();
            stage_ = RetentionStage::certificates;
            return seen;
        }
        const auto& proof = entry->second;
        last_authorization_ = proof.id;
        const bool is_validated = proof.attempt && !proof.attempt->finished;
        if (proof.expires < cutoff && !is_validated && !is_needed(proof)) {
            entry = proofs.erase(entry);
            ++removal.removed;
        } else {
            ++entry;
        }
    }
    return seen;
}

std::size_t MemoryRepository::sweep_certificates(base::Time cutoff, base::Time abandoned,
                                                 std::size_t at_most, Removal& removal) {
    auto& certificates = facts_->certificates;
    std::size_t seen = 0;
    auto told = base::Time::max();
    for (const auto& [id, kept] : facts_->crls)
        if (kept.present && kept.present->head.next_update >= abandoned)
            told = std::min(told, kept.present->head.this_update);
    for (auto entry = certificates.begin(); entry != certificates.end() && seen < at_most;) {
        const bool is_told = entry->second.not_after < told || !state_of(entry->first)->revocation;
        if (entry->second.not_after >= cutoff || !is_told) {
            ++entry;
            continue;
        }
        facts_->replacements.erase(entry->first);
        facts_->listed.erase(entry->first);
        entry = certificates.erase(entry);
        ++removal.removed;
        ++seen;
    }
    if (seen < at_most) {
        stage_ = RetentionStage::orders;
        removal.is_round_over = true;
    }
    return seen;
}

base::Task<Removal> MemoryRepository::remove_expired(RetentionCutoffs cutoffs,
                                                     std::size_t at_most) {
    return run(StoreCall::remove_expired, [this, cutoffs, at_most] {
        Removal removal;
        auto left = at_most;
        if (stage_ == RetentionStage::orders) left -= sweep_orders(cutoffs.orders, left, removal);
        if (stage_ == RetentionStage::authorizations && left > 0)
            left -= sweep_authorizations(cutoffs.authorizations, left, removal);
        if (stage_ == RetentionStage::certificates && left > 0)
            sweep_certificates(cutoffs.certificates, cutoffs.abandoned_crls, left, removal);
        return removal;
    });
}

}  // namespace cairn::ca::testing
