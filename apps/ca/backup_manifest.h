#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace cairn::apps {

/// What stands in front of the files of a backup: which they are.
struct BackupManifest {
    static constexpr std::size_t longest = std::size_t{1} << 20U;  ///< octets of its text
    static constexpr std::size_t most_files = 10'000;

    base::Time created;
    /// The version of cairn-ca that made it.
    std::string program;
    struct File {
        std::string path;  ///< relative to the CA's folder
        unsigned mode = 0600;
        std::uintmax_t size = 0;
        friend bool operator==(const File&, const File&) = default;
    };
    std::vector<File> files{};

    [[nodiscard]] std::string to_json() const;
    /// Refuses other versions, and paths that lead out of a folder.
    [[nodiscard]] static base::Result<BackupManifest> from_json(std::string_view text);
};

}  // namespace cairn::apps
