#include "apps/ca/brought_options.h"

#include <stdexcept>

#include <CLI/CLI.hpp>

#include "base/duration.h"

namespace cairn::apps {

void PassphraseOptions::add_to(CLI::App& command_line) {
    auto* of_file = command_line.add_option("--passphrase-file", file,
                                            "The key's passphrase is the first line of this file");
    auto* of_command = command_line.add_option(
        "--passphrase-command", command,
        "or of what this program prints: words without quotes, or a TOML list of them; no shell "
        "runs it");
    auto* of_credential = command_line.add_option("--passphrase-credential", credential,
                                                  "or of this credential of systemd's, by name");
    of_file->excludes(of_command)->excludes(of_credential);
    of_command->excludes(of_credential);
}

KeyPassphraseSource PassphraseOptions::source() const {
    KeyPassphraseSource source{.file = file, .credential = credential};
    if (command.empty()) return source;
    auto words = command_words_from(command);
    if (!words) throw std::runtime_error("--passphrase-command: " + words.error().message);
    source.command = *std::move(words);
    return source;
}

base::Seconds duration_of(const std::string& flag, const std::string& text) {
    const auto life = base::duration_from(text);
    if (!life) throw std::runtime_error(flag + ": " + life.error().message);
    return *life;
}

}  // namespace cairn::apps
