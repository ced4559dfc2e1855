#pragma once

#include <filesystem>
#include <string>

namespace cairn::apps {

/// Where a passphrase comes from: exactly one of these.
struct PassphraseSource {
    std::filesystem::path file;
    /// A program and its arguments, parted by blanks; started without a shell.
    std::string command;
    /// The name of a credential that systemd hands over (`LoadCredential=`).
    std::string credential;
};

/// A passphrase has at least so many octets. What encrypts a CA's keys must not be guessed.
inline constexpr std::size_t least_passphrase = 12;

/// Reads it; an end of line behind it does not count. Throws std::runtime_error saying what is
/// wrong, never with the passphrase: none or several sources, a file that others can read, a
/// program that fails, too short a passphrase.
[[nodiscard]] std::string read_passphrase(const PassphraseSource& source);

}  // namespace cairn::apps
