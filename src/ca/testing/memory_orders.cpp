// Orders and authorizations of a MemoryRepository.
#include <algorithm>
#include <stdexcept>
#include <tuple>

#include "ca/testing/memory_repository.h"

namespace cairn::ca::testing {

namespace {

bool is_valid_proof(const Authorization& proof) {
    return proof.attempt && proof.attempt->finished && !proof.attempt->problem &&
           !proof.deactivated;
}

// Jobs with the time at which they began: each owner's oldest first, before anybody's second.
template <class Job>
struct BegunJob {
    Job job;
    base::Time begun;
    std::size_t turn = 0;
};

template <class Job>
std::vector<Job> in_turn(std::vector<BegunJob<Job>> begun, std::size_t limit) {
    std::ranges::stable_sort(begun, {}, &BegunJob<Job>::begun);
    std::map<AccountId, std::size_t> turns;
    for (auto& each : begun) each.turn = turns[each.job.account]++;
    std::ranges::stable_sort(begun, {},
                             [](const auto& each) { return std::tuple(each.turn, each.begun); });
    std::vector<Job> jobs;
    for (auto& each : begun)
        if (jobs.size() < limit) jobs.push_back(std::move(each.job));
    return jobs;
}

}  // namespace

std::optional<Authorization> MemoryRepository::reusable(const AccountId& account,
                                                        const protocol::Identifier& identifier,
                                                        Breadth breadth, const Reuse& reuse) const {
    std::vector<const Authorization*> found;
    for (const auto& [id, proof] : facts_->authorizations) {
        if (proof.account == account && proof.identifier == identifier &&
            (breadth == Breadth::identifier || proof.for_subdomains) && is_valid_proof(proof) &&
            proof.expires > reuse.lapsing_after && *proof.attempt->finished <= reuse.finished_by)
            found.push_back(&proof);
    }
    std::ranges::stable_sort(found, std::ranges::greater(), &Authorization::expires);
    constexpr std::size_t most_looked_at = 10;
    if (found.size() > most_looked_at) found.resize(most_looked_at);
    for (const auto* proof : found)
        if (*proof->attempt->finished > reuse.finished_after) return *proof;
    return std::nullopt;
}

std::optional<Authorization> MemoryRepository::standing(const Order& order, std::size_t place,
                                                        const Reuse& reuse) const {
    auto best = reusable(order.account, order.identifiers.at(place), Breadth::identifier, reuse);
    if (reuse.above.empty()) return best;
    for (const auto& name : reuse.above.at(place)) {
        auto found = reusable(order.account, name, Breadth::subdomains, reuse);
        if (found && (!best || found->expires > best->expires)) best = std::move(found);
    }
    return best;
}

base::Task<OrderStore::Preauthorization> MemoryRepository::create_authorization(
    Authorization fresh, Reuse reuse, std::size_t most_pending, Charges charges) {
    return run(
        StoreCall::create_authorization, [this, fresh = std::move(fresh), reuse = std::move(reuse),
                                          most_pending, charges = std::move(charges)] {
            Preauthorization result;
            const auto breadth = fresh.for_subdomains ? Breadth::subdomains : Breadth::identifier;
            result.reused = reusable(fresh.account, fresh.identifier, breadth, reuse);
            if (result.reused) return result;
            std::size_t pending = 0;
            for (const auto& id : facts_->preauthorizations) {
                const auto entry = facts_->authorizations.find(id);
                if (entry == facts_->authorizations.end()) continue;
                const auto& proof = entry->second;
                const bool has_ended = proof.attempt && proof.attempt->finished;
                if (proof.account == fresh.account && proof.expires > fresh.created && !has_ended &&
                    !proof.deactivated)
                    ++pending;
            }
            result.is_full = pending >= most_pending;
            if (result.is_full) return result;
            if (facts_->authorizations.contains(fresh.id))
                throw std::runtime_error("an authorization has this id already");
            result.decision = take_from(*facts_, charges, fresh.created);
            if (!result.decision.accepted) return result;
            facts_->authorizations.emplace(fresh.id, fresh);
            facts_->preauthorizations.insert(fresh.id);
            return result;
        });
}

OrderStore::Placement MemoryRepository::holders_of(const Order& order, const Claims& claims) const {
    Placement placement;
    for (const auto& [id, kept] : facts_->orders)
        if (claims.likeness && kept.likeness == claims.likeness && !kept.order.intent &&
            id != claims.former_twin)
            placement.twin = id;
    if (placement.twin || !order.replaces) return placement;
    const auto entry = facts_->replacements.find(order.replaces->serial);
    if (entry == facts_->replacements.end()) return placement;
    const auto& holder = entry->second;
    if (holder.is_issued || holder.order != claims.former_replacement)
        placement.replacement = holder;
    return placement;
}

void MemoryRepository::take_claims(const Order& order, const Claims& claims) {
    if (claims.former_twin) {
        const auto twin = facts_->orders.find(*claims.former_twin);
        if (twin != facts_->orders.end()) twin->second.likeness.reset();
    }
    facts_->orders.at(order.id).likeness = claims.likeness;
    if (order.replaces)
        facts_->replacements.insert_or_assign(order.replaces->serial,
                                              Replacement{.order = order.id});
}

base::Task<OrderStore::Placement> MemoryRepository::create_order(Order order,
                                                                 std::vector<Authorization> fresh,
                                                                 std::optional<Reuse> reuse,
                                                                 Charges charges, Claims claims) {
    return run(StoreCall::create_order, [this, order = std::move(order), fresh = std::move(fresh),
                                         reuse, charges = std::move(charges), claims]() mutable {
        auto held = holders_of(order, claims);
        if (held.twin || held.replacement) return held;
        std::vector<std::optional<Authorization>> reused;
        for (std::size_t i = 0; i < fresh.size(); ++i) {
            reused.push_back(reuse ? standing(order, i, *reuse) : std::nullopt);
            if (reuse) order.authorizations.at(i) = reused[i] ? reused[i]->id : fresh[i].id;
            if (!reused[i] && facts_->authorizations.contains(fresh[i].id))
                throw std::runtime_error("an authorization has this id already");
        }
        if (facts_->orders.contains(order.id))
            throw std::runtime_error("an order has this id already");
        auto decision = take_from(*facts_, charges, order.created);
        const bool is_placed = decision.accepted;
        if (is_placed) {
            facts_->orders.emplace(order.id, MemoryFacts::KeptOrder{order});
            take_claims(order, claims);
        }
        for (std::size_t i = 0; is_placed && i < fresh.size(); ++i)
            if (!reused[i]) facts_->authorizations.emplace(fresh[i].id, fresh[i]);
        return Placement{std::move(reused), std::move(decision)};
    });
}

base::Task<std::optional<Order>> MemoryRepository::find_order(OrderId id) {
    return run(StoreCall::find_order, [this, id]() -> std::optional<Order> {
        const auto entry = facts_->orders.find(id);
        if (entry == facts_->orders.end()) return std::nullopt;
        return entry->second.order;
    });
}

base::Task<std::optional<OrderStore::OrderAndProofs>> MemoryRepository::find_order_and_proofs(
    OrderId id) {
    return run(StoreCall::find_order_and_proofs, [this, id]() -> std::optional<OrderAndProofs> {
        const auto entry = facts_->orders.find(id);
        if (entry == facts_->orders.end()) return std::nullopt;
        OrderAndProofs found{entry->second.order, {}};
        if (!found.order.intent)
            for (const auto& proof : found.order.authorizations)
                found.proofs.push_back(facts_->authorizations.at(proof));
        return found;
    });
}

base::Task<std::optional<Authorization>> MemoryRepository::find_authorization(AuthorizationId id) {
    return run(StoreCall::find_authorization, [this, id]() -> std::optional<Authorization> {
        const auto entry = facts_->authorizations.find(id);
        if (entry == facts_->authorizations.end()) return std::nullopt;
        return entry->second;
    });
}

base::Task<std::vector<Authorization>> MemoryRepository::find_authorizations(
    std::vector<AuthorizationId> ids) {
    return run(StoreCall::find_authorizations, [this, ids = std::move(ids)] {
        std::vector<Authorization> found;
        for (const auto& id : ids) {
            const auto entry = facts_->authorizations.find(id);
            if (entry == facts_->authorizations.end())
                throw std::runtime_error("the store has no authorization " + id.to_string());
            found.push_back(entry->second);
        }
        return found;
    });
}

base::Task<std::vector<std::optional<Authorization>>> MemoryRepository::find_valid_authorizations(
    AccountId account, std::vector<protocol::Identifier> identifiers, base::Time now) {
    return run(StoreCall::find_valid_authorizations, [this, account,
                                                      identifiers = std::move(identifiers), now] {
        std::vector<std::optional<Authorization>> found;
        for (const auto& identifier : identifiers) {
            const Authorization* last = nullptr;
            for (const auto& [id, proof] : facts_->authorizations) {
                const bool is_one = proof.account == account && proof.identifier == identifier &&
                                    is_valid_proof(proof) && proof.expires > now &&
                                    *proof.attempt->finished <= now;
                if (is_one && (last == nullptr || proof.expires > last->expires)) last = &proof;
            }
            found.push_back(last == nullptr ? std::nullopt : std::optional(*last));
        }
        return found;
    });
}

base::Task<std::vector<OrderId>> MemoryRepository::orders_of(AccountId account,
                                                             std::optional<OrderId> before,
                                                             std::size_t limit) {
    return run(StoreCall::orders_of, [this, account, before, limit] {
        std::vector<OrderId> ids;
        for (auto entry = facts_->orders.rbegin(); entry != facts_->orders.rend(); ++entry) {
            const auto& order = entry->second.order;
            if (ids.size() < limit && order.account == account && (!before || order.id < *before))
                ids.push_back(order.id);
        }
        return ids;
    });
}

base::Task<bool> MemoryRepository::begin_validation(AuthorizationId id, ValidationAttempt attempt) {
    return run(StoreCall::begin_validation, [this, id, attempt = std::move(attempt)] {
        const auto entry = facts_->authorizations.find(id);
        if (entry == facts_->authorizations.end()) return false;
        auto& proof = entry->second;
        if (proof.attempt || proof.deactivated || proof.expires <= attempt.started) return false;
        proof.attempt = attempt;
        return true;
    });
}

Authorization* MemoryRepository::open_attempt(const AuthorizationId& id,
                                              const ValidationAttempt& attempt, base::Time now) {
    const auto entry = facts_->authorizations.find(id);
    if (entry == facts_->authorizations.end()) return nullptr;
    auto& proof = entry->second;
    if (proof.deactivated) return nullptr;
    const auto& present = proof.attempt;
    const bool is_open =
        present ? !present->finished && present->method == attempt.method : proof.expires > now;
    return is_open ? &proof : nullptr;
}

base::Task<bool> MemoryRepository::note_failed_try(AuthorizationId id, ValidationAttempt attempt,
                                                   base::Time now) {
    return run(StoreCall::note_failed_try, [this, id, attempt = std::move(attempt), now] {
        auto* proof = open_attempt(id, attempt, now);
        if (proof == nullptr) return false;
        if (!proof->attempt) proof->attempt = attempt;
        proof->attempt->problem = attempt.problem;
        return true;
    });
}

base::Task<OrderStore::ValidationEnd> MemoryRepository::finish_validation(AuthorizationId id,
                                                                          ValidationAttempt attempt,
                                                                          base::Time expires,
                                                                          Charges charges) {
    return run(StoreCall::finish_validation,
               [this, id, attempt = std::move(attempt), expires,
                charges = std::move(charges)]() -> ValidationEnd {
                   auto* proof = open_attempt(id, attempt, *attempt.finished);
                   auto decision = take_from(*facts_, proof == nullptr ? Charges() : charges,
                                             *attempt.finished);
                   if (proof == nullptr || !decision.accepted) return {false, std::move(decision)};
                   auto ended = attempt;
                   if (proof->attempt) {
                       ended.started = proof->attempt->started;
                       ended.request = proof->attempt->request;
                   }
                   if (!ended.problem) proof->expires = expires;
                   proof->attempt = std::move(ended);
                   return {true, std::move(decision)};
               });
}

base::Task<bool> MemoryRepository::deactivate_authorization(AuthorizationId id, base::Time now) {
    return run(StoreCall::deactivate_authorization, [this, id, now] {
        const auto entry = facts_->authorizations.find(id);
        if (entry == facts_->authorizations.end()) return false;
        auto& proof = entry->second;
        if (proof.deactivated || proof.expires <= now) return false;
        if (proof.attempt && !is_valid_proof(proof)) return false;
        proof.deactivated = now;
        return true;
    });
}

bool MemoryRepository::has_lost_its_ground(const Order& order) const {
    const auto account = facts_->accounts.find(order.account);
    if (account != facts_->accounts.end() && account->second.deactivated) return true;
    return std::ranges::any_of(order.authorizations, [&](const AuthorizationId& id) {
        const auto proof = facts_->authorizations.find(id);
        if (proof == facts_->authorizations.end()) return false;
        const auto vouching = facts_->external_keys.find(proof->second.vouched_by);
        return proof->second.deactivated.has_value() ||
               (vouching != facts_->external_keys.end() && vouching->second.revoked);
    });
}

base::Task<OrderStore::IssuanceBeginning> MemoryRepository::begin_issuance(OrderId id,
                                                                           IssuanceIntent intent,
                                                                           RequestedKey key,
                                                                           Charges charges) {
    return run(StoreCall::begin_issuance,
               [this, id, intent = std::move(intent), key, charges = std::move(charges)] {
                   using enum IssuanceBeginning;
                   if (holder_of(key.thumbprint) != nullptr) return key_is_an_accounts;
                   if (facts_->blocked_keys.contains(key.id)) return key_is_blocked;
                   const auto entry = facts_->orders.find(id);
                   if (entry == facts_->orders.end()) return refused;
                   auto& order = entry->second.order;
                   if (order.intent || order.problem || order.expires <= intent.begun ||
                       has_lost_its_ground(order))
                       return refused;
                   std::map<std::string, std::int64_t> taken;
                   if (!take_from(*facts_, charges, intent.begun, &taken).accepted)
                       return over_limit;
                   entry->second.charged = std::move(taken);
                   order.intent = intent;
                   entry->second.key = key.id;
                   return begun;
               });
}

base::Task<std::optional<IssuancePin>> MemoryRepository::pin_issuance(OrderId id, IssuancePin pin) {
    return run(StoreCall::pin_issuance,
               [this, id, pin = std::move(pin)]() -> std::optional<IssuancePin> {
                   const auto entry = facts_->orders.find(id);
                   if (entry == facts_->orders.end()) return std::nullopt;
                   auto& order = entry->second.order;
                   if (!order.intent || order.completed || order.problem) return std::nullopt;
                   if (!order.intent->pin) order.intent->pin = pin;
                   return order.intent->pin;
               });
}

base::Task<bool> MemoryRepository::complete_issuance(OrderId id, IssuedCertificate certificate) {
    return run(StoreCall::complete_issuance, [this, id, certificate = std::move(certificate)] {
        const auto entry = facts_->orders.find(id);
        if (entry == facts_->orders.end()) return false;
        auto& order = entry->second.order;
        if (!order.intent || order.intent->serial != certificate.serial || order.completed ||
            order.problem || (order.intent->pin && order.intent->pin->issuer != certificate.issuer))
            return false;
        insert(certificate);
        order.completed = certificate.issued;
        if (!order.replaces) return true;
        const auto replacement = facts_->replacements.find(order.replaces->serial);
        if (replacement != facts_->replacements.end() && replacement->second.order == id)
            replacement->second.is_issued = true;
        return true;
    });
}

base::Task<bool> MemoryRepository::fail_issuance(OrderId id, protocol::Problem problem,
                                                 std::optional<base::Time> now) {
    return run(StoreCall::fail_issuance, [this, id, problem = std::move(problem), now] {
        const auto entry = facts_->orders.find(id);
        if (entry == facts_->orders.end()) return false;
        auto& order = entry->second.order;
        if (!order.intent || order.completed || order.problem) return false;
        order.problem = problem;
        for (const auto& [bucket, cost] : entry->second.charged) {
            const auto kept = facts_->buckets.find(bucket);
            if (!now || kept == facts_->buckets.end()) continue;
            const std::chrono::nanoseconds passed = *now - order.intent->begun;
            kept->second -= std::clamp<std::int64_t>(cost - passed.count(), 0, cost);
        }
        return true;
    });
}

base::Task<std::vector<OrderStore::UnfinishedValidation>>
MemoryRepository::claim_unfinished_validations(std::size_t limit) {
    return run(StoreCall::claim_unfinished_validations, [this, limit] {
        std::vector<BegunJob<UnfinishedValidation>> begun;
        for (const auto& [id, proof] : facts_->authorizations)
            if (proof.attempt && !proof.attempt->finished)
                begun.push_back({{id, proof.account, proof.identifier}, proof.attempt->started});
        return in_turn(std::move(begun), limit);
    });
}

base::Task<std::vector<OrderStore::UnfinishedIssuance>>
MemoryRepository::claim_unfinished_issuances(std::size_t limit) {
    return run(StoreCall::claim_unfinished_issuances, [this, limit] {
        std::vector<BegunJob<UnfinishedIssuance>> begun;
        for (const auto& [id, kept] : facts_->orders) {
            const auto& order = kept.order;
            if (order.intent && !order.completed && !order.problem)
                begun.push_back({{id, order.account}, order.intent->begun});
        }
        return in_turn(std::move(begun), limit);
    });
}

}  // namespace cairn::ca::testing
