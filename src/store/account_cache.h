#pragma once
// Private to the .cpp files of store.

#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "ca/account.h"

namespace cairn::store {

/// The accounts that were asked for lately, with their keys parsed. Thread-safe.
///
/// It never holds an account as it was before a change that has returned: a change forgets the
/// account after its commit and before it returns, and what was read while any account changed is
/// not kept. This needs all changes to go through one process.
class AccountCache {
  public:
    explicit AccountCache(std::size_t capacity) : capacity_(capacity) {}

    [[nodiscard]] std::optional<ca::Account> find(const ca::AccountId& id);

    /// A moment between changes.
    using Moment = std::uint64_t;
    /// Taken before an account is read from the database.
    [[nodiscard]] Moment moment();
    /// Keeps `account`, unless an account was changed since `read_after`.
    void keep(const ca::Account& account, Moment read_after);
    /// Called once a change of the account is committed.
    void forget(const ca::AccountId& id);

  private:
    struct HashId {
        std::size_t operator()(const ca::AccountId& id) const noexcept;
    };
    using Recency = std::list<ca::Account>;

    const std::size_t capacity_;
    std::mutex mutex_;
    Moment changes_ = 0;
    Recency accounts_;  ///< the one asked for last in front
    std::unordered_map<ca::AccountId, Recency::iterator, HashId> by_id_;
};

}  // namespace cairn::store
