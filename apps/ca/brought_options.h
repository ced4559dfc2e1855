#pragma once

#include <string>

#include "base/clock.h"
#include "crypto/passphrase.h"

namespace CLI {
class App;
}

namespace cairn::apps {

/// Where the command line puts the three options that say where a passphrase comes from.
struct PassphraseOptions {
    std::string file, command, credential;

    /// Adds --passphrase-file, --passphrase-command and --passphrase-credential. This outlives the
    /// parsing.
    void add_to(CLI::App& command_line);
    /// What they say. Throws std::runtime_error for several of them, and for a command that is
    /// none.
    [[nodiscard]] crypto::PassphraseSource source() const;
};

/// A duration as an option takes it. Throws std::runtime_error naming the flag.
[[nodiscard]] base::Seconds duration_of(const std::string& flag, const std::string& text);

}  // namespace cairn::apps
