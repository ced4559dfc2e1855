#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

#include "crypto/digest.h"

namespace cairn::client {

/// What was read last of texts that are read again and again, so that each is understood and
/// verified once: the newest 64, by the SHA-256 of the text. `Value` is cheap to copy. Thread-safe.
template <class Value>
class LastRead {
  public:
    [[nodiscard]] std::optional<Value> find(const crypto::Sha256Digest& text) const {
        const std::scoped_lock lock(mutex_);
        const auto found = std::ranges::find(entries_, text, &Entry::text);
        return found == entries_.end() ? std::nullopt : std::optional(found->value);
    }

    void keep(const crypto::Sha256Digest& text, const Value& value) {
        const std::scoped_lock lock(mutex_);
        if (entries_.size() == most_kept) entries_.pop_front();
        entries_.push_back({text, value});
    }

  private:
    static constexpr std::size_t most_kept = 64;
    struct Entry {
        crypto::Sha256Digest text;
        Value value;
    };
    mutable std::mutex mutex_;
    std::deque<Entry> entries_;
};

}  // namespace cairn::client
