// External keys of a MemoryRepository.
#include <algorithm>
#include <tuple>

#include "ca/testing/memory_repository.h"

namespace cairn::ca::testing {

ExternalKey* MemoryRepository::usable_key_of(const Account& account) {
    if (!account.binding) return nullptr;
    const auto entry = facts_->external_keys.find(account.binding->kid);
    const bool is_usable = entry != facts_->external_keys.end() &&
                           entry->second.state(account.created) == ExternalKey::State::usable;
    return is_usable ? &entry->second : nullptr;
}

base::Task<std::optional<ExternalKey>> MemoryRepository::find_external_key(std::string kid) {
    return run(StoreCall::find_external_key,
               [this, kid = std::move(kid)]() -> std::optional<ExternalKey> {
                   const auto entry = facts_->external_keys.find(kid);
                   if (entry == facts_->external_keys.end()) return std::nullopt;
                   return entry->second;
               });
}

base::Task<bool> MemoryRepository::create_external_key(ExternalKey key) {
    return run(StoreCall::create_external_key, [this, key = std::move(key)] {
        return facts_->external_keys.emplace(key.kid, key).second;
    });
}

base::Task<std::optional<ExternalKey>> MemoryRepository::revoke_external_key(std::string kid,
                                                                             base::Time now) {
    return run(StoreCall::revoke_external_key,
               [this, kid = std::move(kid), now]() -> std::optional<ExternalKey> {
                   const auto entry = facts_->external_keys.find(kid);
                   if (entry == facts_->external_keys.end()) return std::nullopt;
                   if (!entry->second.revoked) entry->second.revoked = now;
                   for (auto& [id, proof] : facts_->authorizations)
                       if (proof.vouched_by == kid && !proof.deactivated && proof.expires > now)
                           proof.deactivated = now;
                   return entry->second;
               });
}

base::Task<std::vector<ExternalKey>> MemoryRepository::list_external_keys(
    std::optional<std::string> after, std::size_t limit) {
    return run(StoreCall::list_external_keys, [this, after = std::move(after), limit] {
        const auto place = [](const ExternalKey& key) { return std::tuple(key.created, key.kid); };
        std::vector<ExternalKey> page;
        const auto last = facts_->external_keys.find(after.value_or(""));
        if (after && last == facts_->external_keys.end()) return page;
        for (const auto& [kid, key] : facts_->external_keys)
            if (!after || place(last->second) < place(key)) page.push_back(key);
        std::ranges::sort(page, {}, place);
        if (page.size() > limit) page.resize(limit);
        return page;
    });
}

base::Task<std::vector<Account>> MemoryRepository::accounts_bound_to(std::string kid,
                                                                     std::optional<AccountId> after,
                                                                     std::size_t limit) {
    return run(StoreCall::accounts_bound_to, [this, kid = std::move(kid), after, limit] {
        std::vector<Account> page;
        for (const auto& [id, account] : facts_->accounts)
            if (account.binding && account.binding->kid == kid && (!after || id > *after) &&
                page.size() < limit)
                page.push_back(account);
        return page;
    });
}

}  // namespace cairn::ca::testing
