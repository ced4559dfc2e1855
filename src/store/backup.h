#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "base/clock.h"

namespace cairn::store {

// Copies of stores, each of one moment, made while others serve from them; and what has to be done
// to a copy before anybody serves from it, since the CA went on after the copy was made and what it
// did then is not in it. All block, and throw std::runtime_error saying why not.

/// What was changed in a restored store.
struct Settled {
    /// Keys of external accounts that serve once: they count as used.
    std::size_t external_keys = 0;
    /// Authorizations that were pending or valid: they are deactivated, and have to be proved anew.
    std::size_t authorizations = 0;
    /// Issuances under way: they have failed, so that no serial number is used twice.
    std::size_t issuances = 0;
    /// When the newest certificate of the copy was issued.
    std::optional<base::Time> last_issued{};
};

/// Copies the embedded store at `path` to `target`, a file that is not there or empty.
void copy_sqlite(const std::filesystem::path& path, const std::filesystem::path& target);
/// Makes the embedded store of a CA that was never used, in such a file.
void make_sqlite(const std::filesystem::path& target);
/// Settles a copy that nobody has opened, of the time `copied`. The numbers of revocation lists go
/// by the time, so those that are signed next are ahead of all that were; none is served before.
[[nodiscard]] Settled settle_sqlite(const std::filesystem::path& path, base::Time copied,
                                    base::Time now);

/// Writes the schema of a shared store into a file, by pg_dump.
void dump_postgres(const std::string& url, const std::string& schema,
                   const std::filesystem::path& target);
/// Makes the schema from such a file, by pg_restore, and settles it, as above. Refused if there is
/// anything in it. What has begun and failed is undone.
[[nodiscard]] Settled restore_postgres(const std::string& url, const std::string& schema,
                                       const std::filesystem::path& source, base::Time copied,
                                       base::Time now);
/// Refuses, likewise, before anything was done.
void require_empty_postgres(const std::string& url, const std::string& schema);

}  // namespace cairn::store
