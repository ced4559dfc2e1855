#pragma once
// Private to the .cpp files of store.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <list>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "ca/facts/certificate.h"
#include "ca/facts/id.h"

namespace cairn::store {

/// The octets of an id, by which it is hashed; its last ones are random.
template <class Kind>
[[nodiscard]] base::BytesView octets_of(const ca::Id<Kind>& id) {
    return id.octets();
}
[[nodiscard]] inline base::BytesView octets_of(const crypto::Sha256Digest& digest) {
    return digest;
}
[[nodiscard]] inline base::BytesView octets_of(const pki::SerialNumber& serial) {
    return serial.der_content();
}

/// The key of an object: its `id`, unless specialized here.
template <class Object>
struct NameOf {
    using Id = decltype(Object::id);
    static const Id& of(const Object& object) { return object.id; }
};
template <>
struct NameOf<ca::IssuedCertificate> {
    using Id = pki::SerialNumber;
    static const Id& of(const ca::IssuedCertificate& certificate) { return certificate.serial; }
};

/// Objects of one kind that were recently written or read, by their id. Thread-safe.
///
/// It never holds an object older than a change that has returned: the writer reports each change
/// after the commit and before anybody else learns of it, and an object that was read during a
/// change is not kept. So all changes must go through one process.
template <class Object>
class ObjectCache {
  public:
    using Id = typename NameOf<Object>::Id;
    explicit ObjectCache(std::size_t capacity) : capacity_(capacity) {}

    [[nodiscard]] std::optional<Object> find(const Id& id) {
        const std::lock_guard lock(mutex_);
        const auto* object = touch(id);
        return object ? std::optional(*object) : std::nullopt;
    }
    /// The objects with these ids, in their order; nothing if one is not here.
    [[nodiscard]] std::optional<std::vector<Object>> find_all(std::span<const Id> ids) {
        const std::lock_guard lock(mutex_);
        std::vector<Object> found;
        found.reserve(ids.size());
        for (const auto& id : ids) {
            const auto* object = touch(id);
            if (!object) return std::nullopt;
            found.push_back(*object);
        }
        return found;
    }

    /// A moment between changes.
    using Moment = std::uint64_t;
    /// Taken before an object is read from the database.
    [[nodiscard]] Moment moment() {
        const std::lock_guard lock(mutex_);
        return changes_;
    }
    /// Keeps what was read, unless something changed since `before_reading`.
    void keep(Object object, Moment before_reading) {
        const std::lock_guard lock(mutex_);
        if (changes_ == before_reading) store(std::move(object));
    }

    /// Reports an object that was added or replaced.
    void put(Object object) {
        const std::lock_guard lock(mutex_);
        ++changes_;
        store(std::move(object));
    }
    /// Reports a change, which `apply` makes to the object here too.
    template <class Apply>
    void change(const Id& id, Apply apply) {
        const std::lock_guard lock(mutex_);
        ++changes_;
        if (auto* object = touch(id)) apply(*object);
    }
    /// Reports an object that was removed.
    void remove(const Id& id) {
        const std::lock_guard lock(mutex_);
        ++changes_;
        const auto entry = by_id_.find(id);
        if (entry == by_id_.end()) return;
        objects_.erase(entry->second);
        by_id_.erase(entry);
    }

  private:
    struct HashId {
        std::size_t operator()(const Id& id) const noexcept {
            std::size_t hash = 0;
            const auto octets = octets_of(id);
            const auto size = std::min(octets.size(), sizeof hash);
            std::memcpy(&hash, octets.last(size).data(), size);
            return hash;
        }
    };
    using Recency = std::list<Object>;

    // The object, moved to the front.
    Object* touch(const Id& id) {
        const auto entry = by_id_.find(id);
        if (entry == by_id_.end()) return nullptr;
        objects_.splice(objects_.begin(), objects_, entry->second);
        return &objects_.front();
    }
    void store(Object object) {
        if (auto* present = touch(NameOf<Object>::of(object))) {
            *present = std::move(object);
            return;
        }
        objects_.push_front(std::move(object));
        by_id_.emplace(NameOf<Object>::of(objects_.front()), objects_.begin());
        if (objects_.size() <= capacity_) return;
        by_id_.erase(NameOf<Object>::of(objects_.back()));
        objects_.pop_back();
    }

    const std::size_t capacity_;
    std::mutex mutex_;
    Moment changes_ = 0;
    Recency objects_;  ///< the one used last in front
    std::unordered_map<Id, typename Recency::iterator, HashId> by_id_;
};

}  // namespace cairn::store
