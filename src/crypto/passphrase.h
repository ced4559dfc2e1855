#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn::crypto {

/// Where the passphrase of a private key or a backup comes from: one of the three, or nowhere.
struct PassphraseSource {
    /// A file, relative to the CA's folder or absolute.
    std::string file{};
    /// The words of a program that prints it; no shell comes between.
    std::vector<std::string> command{};
    /// A credential of systemd's (LoadCredential=, LoadCredentialEncrypted=), by name.
    std::string credential{};

    /// How many of the three are said.
    [[nodiscard]] int count() const {
        return (file.empty() ? 0 : 1) + (command.empty() ? 0 : 1) + (credential.empty() ? 0 : 1);
    }
    [[nodiscard]] bool is_there() const { return count() > 0; }
    friend bool operator==(const PassphraseSource&, const PassphraseSource&) = default;
};

/// The passphrase: the first line of what the source gives out, `least` to 1024 octets without NUL.
/// A file that others can read is refused. A program has two minutes for it; what it says on
/// standard error goes to ours. Throws std::runtime_error naming the source and what came of it,
/// never the passphrase.
[[nodiscard]] base::SecretBytes read_passphrase(const PassphraseSource& source,
                                                const std::filesystem::path& folder,
                                                std::size_t least = 1);

/// The first line of a file that its owner alone can read, in the same bounds; `name` is what it is
/// called where it cannot be had: "the PIN".
[[nodiscard]] base::SecretBytes read_secret_line(const std::filesystem::path& file,
                                                 const std::string& name);

/// The words of a command as `--passphrase-command` takes them: a TOML list of strings, or a line
/// that is split at blanks, in which no quote, backslash or character with a meaning to a shell may
/// stand.
[[nodiscard]] base::Result<std::vector<std::string>> command_words_from(const std::string& text);

}  // namespace cairn::crypto
