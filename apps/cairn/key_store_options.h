#pragma once

#include <optional>
#include <string>

#include <CLI/App.hpp>

#include "client/key_store.h"

namespace cairn {

/// What a command line or a declaration says of where keys are kept.
struct KeyStoreOptions {
    std::optional<std::string> place, passphrase_file, passphrase_command, passphrase_credential;

    /// Nothing if nothing was said. A TPM without a way to it gets that of the environment
    /// (TPM2OPENSSL_TCTI, TPM2TOOLS_TCTI), which renewals do not have. Throws Failure.
    [[nodiscard]] std::optional<client::KeyStore> store() const;
};

/// Adds --key-store and the options of a passphrase. `options` outlives the command.
void add_key_store_options(CLI::App& command, KeyStoreOptions& options);

}  // namespace cairn
