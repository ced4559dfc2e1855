#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/ca/configuration.h"

namespace cairn::apps {

/// A private key that lies where, or as, it should not.
struct KeyFinding {
    enum class Kind {
        root_key,        ///< of the root: who has it can act as this CA
        open_to_others,  ///< others than its owner can read it
    };
    Kind kind;
    std::filesystem::path file;
};

/// Looks at the keys of the issuers and at whatever lies in `pki/`: whether others can read a key
/// by its mode, and whether one is that of `pki/root.pem`, under any name. A file of root's may be
/// read by its group, as a service that may not change its own key has it.
[[nodiscard]] std::vector<KeyFinding> findings_of_keys(const std::filesystem::path& folder,
                                                       const Configuration& configuration);

/// What keeps the key of an issuer from signing that is in a token or a TPM: one signature is
/// tried. Nothing for a key in a file, and if all is well.
[[nodiscard]] std::optional<std::string> finding_of_held_key(const std::filesystem::path& folder,
                                                             const std::string& name,
                                                             const Configuration::Issuer& issuer);

}  // namespace cairn::apps
