#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace cairn::store {

/// What is found in a store that is only looked at: nothing is made, migrated or written, and
/// whoever serves from it is not disturbed.
struct Inspection {
    /// What is wrong with it, each with what to do.
    std::vector<std::string> findings{};
    /// What the next start changes of it.
    std::vector<std::string> notes{};
    /// When the clock was believed last (ca::ClockWatch).
    std::optional<base::Time> believed{};
    /// How far the database's clock is ahead of this machine's.
    std::optional<base::Seconds> clock_ahead{};
};

/// The embedded store in this file, which is read as a whole up to `largest_read` octets.
inline constexpr std::uintmax_t largest_read = std::uintmax_t{1} << 30U;
[[nodiscard]] Inspection inspect_sqlite(const std::string& path);

/// The shared store, as store::PostgresOptions names it..
[[nodiscard]] Inspection inspect_postgres(const std::string& url, const std::string& schema,
                                          const base::Clock& clock);

}  // namespace cairn::store
