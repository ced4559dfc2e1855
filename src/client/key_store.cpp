#include "client/key_store.h"

#include <algorithm>
#include <utility>

#include "client/command_words.h"

namespace cairn::client {
namespace {

constexpr std::size_t longest_text = 8192;
constexpr std::string_view encrypted_start = "file?";

base::Result<crypto::PassphraseSource> passphrase_from(std::string_view text) {
    const auto equals = text.find('=');
    const auto name = text.substr(0, equals);
    const auto value = equals == std::string_view::npos ? "" : std::string(text.substr(equals + 1));
    crypto::PassphraseSource source;
    if (value.empty())
        return base::fail(
            "must go on with passphrase-file=/PATH, passphrase-credential=NAME or "
            "passphrase-command=LINE");
    if (name == "passphrase-file") {
        if (!value.starts_with('/')) return base::fail("must name the file by an absolute path");
        source.file = value;
    } else if (name == "passphrase-credential") {
        source.credential = value;
    } else if (name == "passphrase-command") {
        const auto words = CommandWords::from_text(value);
        if (!words) return std::unexpected(words.error());
        source.command = {words->program().string()};
        std::ranges::copy(words->arguments(), std::back_inserter(source.command));
    } else {
        return base::fail("has \"" + base::printable(name, 40) +
                          "\", which is none of passphrase-file, passphrase-credential and "
                          "passphrase-command");
    }
    return source;
}

std::string line_of(const std::vector<std::string>& words) {
    std::string line;
    for (const auto& word : words) line += (line.empty() ? "" : " ") + shell_quoted(word);
    return line;
}

}  // namespace

base::Result<KeyStore> KeyStore::from_text(std::string_view text) {
    KeyStore store;
    const auto is_plain = [](unsigned char octet) { return octet >= 0x20 && octet != 0x7f; };
    if (text.size() > longest_text || !std::ranges::all_of(text, is_plain))
        return base::fail("a key store is named in one line of at most 8192 octets");
    if (text == "file") return store;
    if (text.starts_with(encrypted_start)) {
        auto passphrase = passphrase_from(text.substr(encrypted_start.size()));
        if (!passphrase) return std::unexpected(passphrase.error().within("the key store file?"));
        return encrypted(*std::move(passphrase));
    }
    if (crypto::Pkcs11Uri::is_one(text)) {
        auto uri = crypto::Pkcs11Uri::from_text(text);
        if (!uri) return std::unexpected(uri.error());
        store.kind_ = Kind::pkcs11;
        store.uri_ = *std::move(uri);
        return store;
    }
    if (text == "tpm2" || text.starts_with("tpm2:")) {
        store.kind_ = Kind::tpm2;
        store.tcti_ = text.size() > 5 ? text.substr(5) : "";
        return store;
    }
    return base::fail("\"" + base::printable(text, 40) +
                      "\" is no key store: it is file, pkcs11:URI or tpm2");
}

KeyStore KeyStore::encrypted(crypto::PassphraseSource passphrase) {
    KeyStore store;
    store.passphrase_ = std::move(passphrase);
    return store;
}

std::string KeyStore::text() const {
    switch (kind_) {
        case Kind::pkcs11:
            return uri_.text();
        case Kind::tpm2:
            return tcti_.empty() ? "tpm2" : "tpm2:" + tcti_;
        case Kind::file:
            break;
    }
    const auto start = std::string(encrypted_start);
    if (!passphrase_.file.empty()) return start + "passphrase-file=" + passphrase_.file;
    if (!passphrase_.credential.empty())
        return start + "passphrase-credential=" + passphrase_.credential;
    if (!passphrase_.command.empty())
        return start + "passphrase-command=" + line_of(passphrase_.command);
    return "file";
}

}  // namespace cairn::client
