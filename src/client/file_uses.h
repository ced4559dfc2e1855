#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace cairn::client {

/// Something on this machine that reads the files of a lineage.
struct FileUse {
    enum class Kind { configuration, process };
    Kind kind = Kind::configuration;
    /// "/etc/nginx/sites-enabled/shop, line 12", "process 812 (stunnel)".
    std::string who;
    /// The path that it goes by.
    std::filesystem::path path;
};

/// Where to look for them.
struct UseSources {
    std::filesystem::path configurations = "/etc";
    std::filesystem::path processes = "/proc";
    /// Folders below `configurations` that are not of servers: our own.
    std::vector<std::filesystem::path> left_out{};
};

/// What was found; it is not all there is where this user may not look.
struct FileUses {
    std::vector<FileUse> uses{};
    /// False if there was more to look at than is looked at.
    bool is_complete = true;
};

/// Whoever reads what is in these folders, as the text of configuration files says that is not
/// commented out, by its path or by links that lead to it, one by one or in a folder of
/// certificates; and as the command lines and the open files of running processes say. Files that
/// editors and packages leave behind, and what is only available to a web server (sites-available),
/// do not count. Bounded; throws nothing for what cannot be read.
[[nodiscard]] FileUses uses_of(const std::vector<std::filesystem::path>& folders,
                               const UseSources& sources);

}  // namespace cairn::client
