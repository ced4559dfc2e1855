#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "apps/ca/adapters.h"
#include "apps/ca/configuration.h"
#include "base/task.h"
#include "ca/work/issuer.h"
#include "pki/certificate.h"

namespace cairn::apps {

/// Reads certificates, chains and keys of the issuers from `folder`. Signatures that take long are
/// made on `slow_signing`. Throws std::runtime_error naming the file or the profile that is wrong.
[[nodiscard]] ca::Issuers load_issuers(const Configuration& configuration,
                                       const std::filesystem::path& folder,
                                       const base::Executor& slow_signing,
                                       const Adapters& adapters);

/// The roots of the active issuers, each once, in the order of the issuers' names. A file that is
/// not there, as in folders of former versions, is left out. Throws std::runtime_error naming a
/// file that cannot be read, or that is no root.
[[nodiscard]] std::vector<pki::Certificate> load_roots(const Configuration& configuration,
                                                       const std::filesystem::path& folder);

/// What the configuration calls them, by what names them in the store.
[[nodiscard]] std::map<ca::IssuerId, std::string> names_of(const ca::Issuers& issuers);

}  // namespace cairn::apps
