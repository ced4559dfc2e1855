#include "apps/ca/lost_store.h"

#include <system_error>

#include "apps/ca/node_audit.h"

namespace cairn::apps {

namespace fs = std::filesystem;

std::optional<std::string> lost_store(const Configuration& configuration, const fs::path& folder) {
    if (!configuration.store.postgres_url.empty()) return std::nullopt;
    const auto path = folder / configuration.store.sqlite_path;
    std::error_code ignored;
    if (fs::exists(path, ignored) || !has_audit_key(audit_folder(configuration.audit, folder)))
        return std::nullopt;
    return path.string() + " is not there, although the CA was used";
}

}  // namespace cairn::apps
