#include "apps/ca/brought_options.h"

#include <stdexcept>

#include <CLI/CLI.hpp>

#include "base/duration.h"

namespace cairn::apps {

void PassphraseOptions::add_to(CLI::App& command_line) {
    command_line.add_option("--passphrase-file", file,
                            "The passphrase is the first line of this file, which others cannot "
                            "read");
    command_line.add_option("--passphrase-command", command,
                            "or of what this program prints: words without quotes, or a TOML list "
                            "of them; no shell runs it");
    command_line.add_option("--passphrase-credential", credential,
                            "or of this credential of systemd's, by name (LoadCredential=)");
}

crypto::PassphraseSource PassphraseOptions::source() const {
    crypto::PassphraseSource source{.file = file, .credential = credential};
    if (!command.empty()) {
        auto words = crypto::command_words_from(command);
        if (!words) throw std::runtime_error("--passphrase-command: " + words.error().message);
        source.command = *std::move(words);
    }
    if (source.count() > 1)
        throw std::runtime_error(
            "say where the passphrase is: by one of --passphrase-file FILE, --passphrase-command "
            "WORDS and --passphrase-credential NAME");
    return source;
}

base::Seconds duration_of(const std::string& flag, const std::string& text) {
    const auto life = base::duration_from(text);
    if (!life) throw std::runtime_error(flag + ": " + life.error().message);
    return *life;
}

}  // namespace cairn::apps
