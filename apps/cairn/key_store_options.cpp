#include "apps/cairn/key_store_options.h"

#include <cstdlib>
#include <filesystem>

#include <CLI/CLI.hpp>

#include "apps/cairn/run.h"
#include "client/command_words.h"

namespace cairn {
namespace {

CLI::Option* add_setting(CLI::App& command, const std::string& name,
                         std::optional<std::string>& target, const std::string& description) {
    return command.add_option_function<std::string>(
        name, [&target](const std::string& value) { target = value; }, description);
}

std::string way_of_environment() {
    for (const char* const name : {"TPM2OPENSSL_TCTI", "TPM2TOOLS_TCTI"})
        if (const char* const value = std::getenv(name); value != nullptr && *value != '\0')
            return value;
    return {};
}

}  // namespace

std::optional<client::KeyStore> KeyStoreOptions::store() const {
    crypto::PassphraseSource passphrase;
    if (passphrase_file)
        passphrase.file = std::filesystem::absolute(*passphrase_file).lexically_normal().string();
    if (passphrase_credential) passphrase.credential = *passphrase_credential;
    if (passphrase_command) {
        const auto words = value_or_fail(client::CommandWords::find(*passphrase_command),
                                         "use --passphrase-command");
        passphrase.command = {words.program().string()};
        for (const auto& word : words.arguments()) passphrase.command.push_back(word);
    }
    if (passphrase.count() > 1)
        throw client::Failure("take a passphrase", "it is said to be in several places",
                              "leave one of --passphrase-file, --passphrase-command and "
                              "--passphrase-credential.");
    if (!place && !passphrase.is_there()) return std::nullopt;
    const auto named =
        value_or_fail(client::KeyStore::from_text(place.value_or("file")), "use --key-store");
    if (named.kind() == client::KeyStore::Kind::tpm2 && named.tcti().empty())
        if (const auto way = way_of_environment(); !way.empty())
            return value_or_fail(client::KeyStore::from_text("tpm2:" + way), "use --key-store");
    if (!passphrase.is_there()) return named;
    if (named != client::KeyStore())
        throw client::Failure("encrypt the key by a passphrase",
                              "that is for keys in files, and --key-store is " + named.text(),
                              "leave out the passphrase; the PIN of a token is named in its URI, "
                              "pin-source=file:/PATH.");
    return client::KeyStore::encrypted(std::move(passphrase));
}

void add_key_store_options(CLI::App& command, KeyStoreOptions& options) {
    add_setting(command, "--key-store", options.place,
                "Where the key is kept: a file, a PKCS #11 token (RFC 7512; its PIN in a file: "
                "pin-source=file:/PATH), or the TPM. Unless said: file")
        ->type_name("file|pkcs11:URI|tpm2");
    add_setting(command, "--passphrase-file", options.passphrase_file,
                "Encrypt the key's file by the passphrase in the first line of this one")
        ->type_name("FILE");
    add_setting(command, "--passphrase-command", options.passphrase_command,
                "The same by what a program prints, which is run without a shell")
        ->type_name("PROGRAM");
    add_setting(command, "--passphrase-credential", options.passphrase_credential,
                "The same by a credential of systemd's")
        ->type_name("NAME");
}

}  // namespace cairn
