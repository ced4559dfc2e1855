#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "crypto/passphrase.h"
#include "crypto/random.h"
#include "store/backup.h"

namespace cairn::apps {

/// What `backup` is asked for.
struct BackupRequest {
    std::filesystem::path folder;
    std::filesystem::path file;
    /// As for `serve`.
    std::vector<std::string> overrides;
    crypto::PassphraseSource passphrase;
    /// Called once, when all was judged and before anything is written; throws if it must not be.
    std::function<void()> before_writing{};
};
struct BackupResult {
    base::Time created;
    std::uintmax_t size = 0;
    std::vector<std::string> files;
    /// Files of the configuration that lie outside the folder, and are not in the backup.
    std::vector<std::string> outside;
};
/// Writes the configuration, what lies in `pki/`, and one moment of the store, as it stands while
/// servers go on, into a file that is encrypted and authenticated. Throws std::runtime_error saying
/// why not; then there is no file.
[[nodiscard]] BackupResult back_up(const BackupRequest& request, const base::Clock& clock,
                                   crypto::Random& random);

/// What `restore` is asked for; members as above.
struct RestoreRequest {
    std::filesystem::path file;
    std::filesystem::path folder;
    std::vector<std::string> overrides;
    crypto::PassphraseSource passphrase;
};
struct RestoreResult {
    /// When the backup was made: what the CA did from then on is not in it.
    base::Time created;
    base::Time restored;
    store::Settled settled;
    std::vector<std::string> files;
};
/// Makes the folder, and with PostgreSQL the schema, of a backup, and settles the store
/// (store/backup.h). Its audit log begins with that, before the folder is there. Throws
/// std::runtime_error; then nothing was changed: not if the file is cut or was edited, the
/// passphrase is another one, or something is there already.
[[nodiscard]] RestoreResult restore(const RestoreRequest& request, const base::Clock& clock);

}  // namespace cairn::apps
