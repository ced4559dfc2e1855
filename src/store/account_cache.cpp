#include "store/account_cache.h"

#include <cstring>

namespace cairn::store {

std::size_t AccountCache::HashId::operator()(const ca::AccountId& id) const noexcept {
    // The octets at the end are random.
    std::size_t hash = 0;
    std::memcpy(&hash, id.octets().last(sizeof hash).data(), sizeof hash);
    return hash;
}

std::optional<ca::Account> AccountCache::find(const ca::AccountId& id) {
    const std::lock_guard lock(mutex_);
    const auto entry = by_id_.find(id);
    if (entry == by_id_.end()) return std::nullopt;
    accounts_.splice(accounts_.begin(), accounts_, entry->second);
    return accounts_.front();
}

AccountCache::Moment AccountCache::moment() {
    const std::lock_guard lock(mutex_);
    return changes_;
}

void AccountCache::keep(const ca::Account& account, Moment read_after) {
    const std::lock_guard lock(mutex_);
    if (changes_ != read_after || by_id_.contains(account.id)) return;
    accounts_.push_front(account);
    by_id_.emplace(account.id, accounts_.begin());
    if (accounts_.size() <= capacity_) return;
    by_id_.erase(accounts_.back().id);
    accounts_.pop_back();
}

void AccountCache::forget(const ca::AccountId& id) {
    const std::lock_guard lock(mutex_);
    ++changes_;
    const auto entry = by_id_.find(id);
    if (entry == by_id_.end()) return;
    accounts_.erase(entry->second);
    by_id_.erase(entry);
}

}  // namespace cairn::store
