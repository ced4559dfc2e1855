#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/hook.h"
#include "client/import/configobj.h"
#include "client/import/shell_assignments.h"
#include "client/lineage.h"
#include "crypto/key.h"

namespace cairn::client {

/// Whose installation it is.
enum class ForeignProgram { certbot, lego, acme_sh };
/// "acme.sh"
[[nodiscard]] std::string_view to_string(ForeignProgram program);

/// An account as another client keeps it.
struct ForeignAccount {
    /// By which lineages mean it.
    std::string id;
    /// The file with its key.
    std::filesystem::path place;
    std::string directory_url;  ///< empty: said nowhere
    std::string url;            ///< empty: it was never registered
    std::vector<std::string> contact;
    crypto::PrivateKey key;
};

/// A path by which servers may read a certificate or its key.
struct ServedPath {
    enum class Holds { certificate, chain, full_chain, private_key };
    std::filesystem::path path;
    Holds holds = Holds::full_chain;
};
/// The name of such a file in a live folder of ours, without ".pem": "fullchain".
[[nodiscard]] std::string_view to_string(ServedPath::Holds holds);

/// A line for a shell, or a program, that runs at a renewal.
struct ForeignHook {
    HookKind kind = HookKind::deploy;
    std::string line;
    /// Whose word it is, for people: "renew_hook".
    std::string word;
    /// True for a program that is named by its path alone.
    bool is_program = false;
};

/// A certificate that another client keeps, with what it knows of its renewal.
struct ForeignLineage {
    std::string name;
    /// The file with its settings, without which the other client does not renew it.
    std::filesystem::path settings;
    /// The oldest first; the one that is served last.
    std::vector<Generation> generations{};
    std::string directory_url{};  ///< empty: said nowhere
    std::string account{};        ///< the id of one; empty: not said
    std::vector<ServedPath> served{};
    /// The file with the private key that is served.
    std::filesystem::path key_file{};
    std::vector<ForeignHook> hooks{};
    /// certbot's [renewalparams]; acme.sh's variables.
    ConfigSection parameters{};
    ShellAssignments variables{};
    /// In sentences, what is not taken or different here.
    std::vector<std::string> remarks{};
    /// Why it cannot be taken, in sentences; none: it can.
    std::vector<std::string> obstacles{};
    /// Why its paths cannot become links, though it can be taken.
    std::vector<std::string> bars{};

    /// The certificate that is served. There is one where there are no obstacles.
    [[nodiscard]] const pki::Certificate& certificate() const {
        return generations.back().chain.front();
    }
};

/// All that is found in the folder of another client.
struct ForeignInstallation {
    ForeignProgram program = ForeignProgram::certbot;
    std::filesystem::path folder;
    std::vector<ForeignAccount> accounts{};
    std::vector<ForeignLineage> lineages{};
    /// acme.sh's account.conf.
    ShellAssignments variables{};
    std::vector<std::string> remarks{};
};

// Each reads an installation without changing it. What is damaged is an obstacle of its lineage, or
// a remark. Throws Failure if the folder is none of this client's or cannot be read.
[[nodiscard]] ForeignInstallation read_certbot(const std::filesystem::path& folder);
[[nodiscard]] ForeignInstallation read_lego(const std::filesystem::path& folder);
[[nodiscard]] ForeignInstallation read_acme_sh(const std::filesystem::path& folder);
[[nodiscard]] ForeignInstallation read_foreign(ForeignProgram program,
                                               const std::filesystem::path& folder);

}  // namespace cairn::client
