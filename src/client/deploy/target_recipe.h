#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/deploy/files.h"
#include "client/deploy/target.h"

namespace cairn::client {

/// How a server is given a certificate, as a TOML file says: where files go, with what rights, how
/// they are checked, how the server reads them, and where it shows them. `{lineage}` and the names
/// of the options stand for their values; within commands they are quoted.
struct TargetRecipe {
    struct Option {
        std::string name, usual;
    };
    struct File {
        std::string path;
        FileContents contents = FileContents::full_chain;
        /// Names or numbers; the mode in octal. Empty: as `FileRights` says.
        std::string owner{}, group{}, mode{};
    };
    struct Probe {
        std::string address;
        net::StartTls start_tls = net::StartTls::none;
        std::string server_name{};
    };
    std::string name;
    /// Half a sentence for --help.
    std::string summary{};
    /// What its configuration has to say, for --dry-run.
    std::string setup{};
    std::vector<Option> options{};
    std::vector<File> files{};
    std::string check{}, reload{};
    std::vector<Probe> probes{};
    std::chrono::seconds timeout{30};

    /// Reads a file, strictly: unknown keys and placeholders are errors. The error has all that is
    /// wrong, each with its key, separated by "; ".
    [[nodiscard]] static base::Result<TargetRecipe> from_toml(const std::string& text,
                                                              const std::string& name);
};

/// A target that does what the recipe says, with the options that were said.
[[nodiscard]] base::Result<std::unique_ptr<Target>> make_recipe_target(const TargetRecipe& recipe,
                                                                       TargetOptions& options);

/// One file of recipes/, as the build has put it in.
struct ShippedTargetRecipe {
    std::string_view name;  ///< without .toml
    std::string_view text;
};
/// Those that come with the program, in the order of their names.
[[nodiscard]] std::span<const ShippedTargetRecipe> shipped_target_recipes();

/// The recipe of this name: deploy/NAME.toml in the folder of settings, else the one that comes
/// with the program; nothing if there is neither. An error if it cannot be read, or others than its
/// owner may write it.
[[nodiscard]] std::optional<base::Result<TargetRecipe>> find_target_recipe(
    const std::filesystem::path& settings_folder, std::string_view name);
/// Names of all: of one's own, and of those that come with the program.
[[nodiscard]] std::vector<std::string> target_recipe_names(
    const std::filesystem::path& settings_folder);

}  // namespace cairn::client
