#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "client/renewal_schedule.h"
#include "client/state_directory.h"
#include "crypto/key.h"

namespace cairn::client {

/// How a file stood on the disk: which one it was, its size, and when it was changed.
struct FileStamp {
    std::uint64_t device = 0;
    std::uint64_t number = 0;
    std::uint64_t size = 0;
    /// Nanoseconds since 1970, of the contents and of anything about the file.
    std::int64_t written = 0;
    std::int64_t changed = 0;

    /// Of the file that `path` leads to; all zero if there is none.
    [[nodiscard]] static FileStamp of(const std::filesystem::path& path);
    friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// What a lineage was seen to be: the stamps of its plan, of its facts, and of all that servers
/// read of it.
struct LineageSight {
    std::string digest;
    /// When the last change was made to any of it, nanoseconds since 1970.
    std::int64_t changed = 0;

    /// `further`: the key types beside the first that it has certificates of.
    [[nodiscard]] static LineageSight of(const StateDirectory& state, const LineageName& name,
                                         std::span<const crypto::KeyType> further);
    friend bool operator==(const LineageSight&, const LineageSight&) = default;
};

/// When one certificate of a lineage is due, and why then.
struct CalendarDue {
    crypto::KeyType key_type = crypto::KeyType::ec_p256;
    base::Time at;
    DueReason reason = DueReason::lifetime;
};

/// What a run has found out about a lineage in which nothing was to be done.
struct CalendarEntry {
    /// Of each of its certificates, the first one first.
    std::vector<CalendarDue> due;
    /// When there is something to do: to renew, to ask the CA when to, or to verify all again,
    /// which is done once in `longest_trust`.
    base::Time next_action;
    /// What was seen before anything of it was read.
    std::string sight;
};

/// How long files that did not change are taken for what was verified.
inline constexpr base::Seconds longest_trust = std::chrono::days{1};

/// When something is next to be done for each lineage, so that a run need not read, parse and
/// verify thousands of certificates and keys of which none is due and nothing was changed. A cache
/// in the file `calendar` of the state: what it says counts only while every file of the lineage is
/// the one that was verified, octets, links, owner and mode; without it all is read. Thread-safe.
class RenewalCalendar {
  public:
    /// Reads what an earlier run kept; none of it if the file is not as it was written.
    explicit RenewalCalendar(const StateDirectory& state);

    /// What is known of the lineage, if it still holds and there is nothing to do at `now`.
    [[nodiscard]] std::optional<CalendarEntry> find(const LineageName& name, base::Time now) const;
    /// From now on this is known. What was changed in the last second is not taken for
    /// known: a change in the same tick of the file system's clock would not show.
    void enter(const LineageName& name, CalendarEntry entry, const LineageSight& seen,
               base::Time now);
    /// Nothing is known of the lineage any more.
    void forget(const LineageName& name);
    /// When something is next to be done for the lineage, by what is known; nothing: it is not.
    [[nodiscard]] std::optional<base::Time> next_action(const LineageName& name) const;
    /// Keeps what is known for later runs. That it cannot be kept is not told: it costs time alone.
    void keep(base::Time now) noexcept;

  private:
    mutable std::mutex mutex_;
    const StateDirectory& state_;
    /// False if earlier versions left something in the state that must be read first.
    bool is_believed_ = true;
    bool is_changed_ = false;
    std::map<std::string, CalendarEntry, std::less<>> entries_;
};

/// The lines of the file, each of one lineage: its name, what was seen of it, its next action and
/// its due times, behind a first line with the format's name.
[[nodiscard]] std::string calendar_text(
    const std::map<std::string, CalendarEntry, std::less<>>& entries);
/// Reads that; an error for the first line that is wrong.
[[nodiscard]] base::Result<std::map<std::string, CalendarEntry, std::less<>>> calendar_from(
    std::string_view text);

}  // namespace cairn::client
