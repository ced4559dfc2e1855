#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace cairn::client {

/// What a provider calls its zones, kept for as long as the provider is used. Thread-safe.
class ZoneIds {
  public:
    /// What is kept for `zone`, else what `look_up` returns, which is kept unless it is nothing.
    template <class LookUp>
    [[nodiscard]] std::optional<std::string> find(const std::string& zone, const LookUp& look_up) {
        {
            const std::scoped_lock lock(mutex_);
            if (const auto known = ids_.find(zone); known != ids_.end()) return known->second;
        }
        auto id = look_up();
        const std::scoped_lock lock(mutex_);
        if (ids_.size() >= max_kept) ids_.clear();
        if (id) ids_.insert_or_assign(zone, *id);
        return id;
    }

  private:
    static constexpr std::size_t max_kept = 10000;
    std::mutex mutex_;
    std::map<std::string, std::string> ids_;
};

}  // namespace cairn::client
