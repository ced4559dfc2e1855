#pragma once
// Private to the .cpp files of store.

#include <cstdint>
#include <cstring>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "crypto/digest.h"

namespace cairn::store {

/// Eight octets of each blocked key: enough to say of nearly every other key that it is not
/// blocked. Thread-safe.
class BlockedKeys {
  public:
    void add(const crypto::Sha256Digest& key) {
        const std::lock_guard lock(mutex_);
        marks_.insert(mark_of(key));
    }
    /// False: it is not blocked. True: the database knows.
    [[nodiscard]] bool may_have(const crypto::Sha256Digest& key) {
        const std::lock_guard lock(mutex_);
        return marks_.contains(mark_of(key));
    }

  private:
    [[nodiscard]] static std::uint64_t mark_of(const crypto::Sha256Digest& key) {
        std::uint64_t mark = 0;
        std::memcpy(&mark, key.data(), sizeof mark);
        return mark;
    }

    std::mutex mutex_;
    std::unordered_set<std::uint64_t> marks_;
};

}  // namespace cairn::store
