#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/import/foreign_installation.h"
#include "client/import/renewal_job.h"

namespace cairn {

/// A file that an import makes in the folder of settings, unless it is there already.
struct ImportedFile {
    std::filesystem::path path;
    std::string text;
    bool is_program = false;
};

/// What was said on the command line of an import for all lineages.
struct ImportWords {
    std::optional<std::string> solver, root_file;
    /// The CA of what says none itself.
    std::optional<std::string> authority;
    std::vector<std::string> deploy_hooks;
    /// True if credentials, a resolver or the like were said for a DNS provider.
    bool has_dns_options = false;
};

/// A lineage of another client in our words.
struct TranslatedLineage {
    /// Of `cairn issue`, without hooks.
    std::vector<std::string> words;
    std::optional<std::string> pre_hook, post_hook;
    std::vector<std::string> deploy_hooks;
    /// Hooks that need a shell, and credentials.
    std::vector<ImportedFile> files;
    /// In sentences, what is not taken or different here.
    std::vector<std::string> remarks;
    /// Why it cannot be taken.
    std::vector<std::string> obstacles;
};

/// What translations work with; all of it outlives them.
struct TranslationContext {
    const client::ForeignInstallation& installation;
    const client::RenewalJobs& jobs;
    const ImportWords& said;
    const std::filesystem::path& settings_folder;
};

// Each translates how a lineage is renewed. Nothing is written.
void translate_certbot(const client::ForeignLineage& lineage, const TranslationContext& context,
                       TranslatedLineage& result);
void translate_lego(const client::ForeignLineage& lineage, const TranslationContext& context,
                    TranslatedLineage& result);
void translate_acme_sh(const client::ForeignLineage& lineage, const TranslationContext& context,
                       TranslatedLineage& result);
[[nodiscard]] TranslatedLineage translated(const client::ForeignLineage& lineage,
                                           const TranslationContext& context);

/// "rsa2048" of a public key; empty: no lineage here has such a key.
[[nodiscard]] std::string key_type_of(const crypto::PublicKey& key);
/// True if there is a solver of this kind.
[[nodiscard]] bool has_solver(std::string_view kind);
/// A path below the folder of settings in which a hook of this lineage is kept.
[[nodiscard]] std::filesystem::path hook_file(const TranslationContext& context,
                                              const client::ForeignLineage& lineage,
                                              std::string_view kind);

}  // namespace cairn
