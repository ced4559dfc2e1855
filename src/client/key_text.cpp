#include "client/key_text.h"

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "client/last_read.h"
#include "client/lineage_key.h"
#include "crypto/digest.h"
#include "crypto/encrypted_key.h"
#include "crypto/key_unavailable.h"
#include "crypto/pem_block.h"
#include "crypto/pem_key.h"
#include "crypto/pkcs11/key.h"
#include "crypto/tpm2/key.h"

namespace cairn::client {
namespace {

constexpr std::string_view store_line = "Key-Store: ";
constexpr std::string_view uri_line = "Key: ";
constexpr std::string_view made_line = "Made-Here: ";
constexpr std::string_view public_label = "PUBLIC KEY";

/// The value of a line before the first PEM block; empty if there is none.
std::string value_of(std::string_view text, std::string_view name) {
    auto rest = text.substr(0, text.find("-----BEGIN "));
    while (!rest.empty()) {
        const auto line = rest.substr(0, rest.find('\n'));
        if (line.starts_with(name)) return std::string(line.substr(name.size()));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    }
    return {};
}

std::string line(std::string_view name, std::string_view value) {
    return std::string(name) + std::string(value) + "\n";
}

/// The PEM block with this label; empty if there is none.
std::string_view block_of(std::string_view text, std::string_view label) {
    const auto begin = "-----BEGIN " + std::string(label) + "-----";
    const auto end = "-----END " + std::string(label) + "-----";
    const auto start = text.find(begin);
    const auto stop = start == std::string_view::npos ? start : text.find(end, start);
    if (stop == std::string_view::npos) return {};
    return text.substr(start, stop + end.size() - start);
}

base::Result<crypto::PublicKey> public_key_of(std::string_view text) {
    const auto block = block_of(text, public_label);
    if (block.empty()) return base::fail("it has no PUBLIC KEY in PEM behind the reference");
    return crypto::public_key_from_pem(block);
}

base::SecretBytes secret(const std::string& text) {
    return {text.begin(), text.end()};
}

std::string pem_of(const crypto::PublicKey& key) {
    return crypto::to_pem(public_label, key.spki());
}

/// A key whose file is encrypted, decrypted when it signs first.
class EncryptedKey final : public crypto::KeyHolder {
  public:
    EncryptedKey(base::SecretBytes pem, crypto::PassphraseSource source, crypto::PublicKey key)
        : pem_(std::move(pem)), source_(std::move(source)), public_key_(std::move(key)) {}
    const crypto::PublicKey& public_key() const override { return public_key_; }
    base::Bytes sign(base::BytesView data) const override { return crypto::sign(opened(), data); }

  private:
    crypto::PrivateKey opened() const {
        const std::scoped_lock lock(mutex_);
        if (key_) return *key_;
        auto key = [&] {
            try {
                const auto passphrase = crypto::read_passphrase(source_, {});
                return crypto::encrypted_key_from_pem(base::text_of(pem_), passphrase);
            } catch (const std::runtime_error& error) {
                throw crypto::KeyUnavailable(error.what());
            }
        }();
        if (!key) throw crypto::KeyUnavailable("the encrypted key: " + key.error().message);
        if (key->public_key() != public_key_)
            throw crypto::KeyUnavailable(
                "the encrypted key is another one than the public key in its file says");
        key_ = *std::move(key);
        return *key_;
    }
    const base::SecretBytes pem_;
    const crypto::PassphraseSource source_;
    const crypto::PublicKey public_key_;
    mutable std::mutex mutex_;
    mutable std::optional<crypto::PrivateKey> key_;
};

base::Result<crypto::Signer> signer_of_encrypted(std::string_view text, const KeyStore& store) {
    auto key = public_key_of(text);
    if (!key) return std::unexpected(key.error());
    const auto block = block_of(text, "ENCRYPTED PRIVATE KEY");
    if (block.empty()) return base::fail("it has no ENCRYPTED PRIVATE KEY in PEM");
    return crypto::Signer(std::make_shared<EncryptedKey>(
        base::SecretBytes(block.begin(), block.end()), store.passphrase(), *std::move(key)));
}

base::Result<crypto::Signer> signer_of_uri(std::string_view text) {
    auto uri = crypto::Pkcs11Uri::from_text(value_of(text, uri_line));
    if (!uri) return std::unexpected(uri.error());
    auto key = public_key_of(text);
    if (!key) return std::unexpected(key.error());
    return crypto::Pkcs11Key::signer(*std::move(uri), *std::move(key));
}

base::Result<crypto::Signer> signer_of_tpm(std::string_view text, const KeyStore& store) {
    auto key = crypto::Tpm2Key::from_pem(text);
    if (!key) return std::unexpected(key.error());
    return key->signer(store.tcti());
}

KeyText key_in_token(const KeyStore& store, crypto::KeyType type, const std::string& label) {
    auto key = store.uri().names_key() ? crypto::Pkcs11Key::find(store.uri()) : std::nullopt;
    const bool is_found = key.has_value();
    if (!key) key = crypto::Pkcs11Key::make(store.uri(), type, label);
    if (!is_of_type(key->public_key, type))
        throw std::runtime_error("the key that " + store.text() + " names is not of type " +
                                 std::string(to_string(type)) +
                                 ": say its type by --key-type, or name another key");
    // A key that somebody has named is theirs, whoever made it.
    const bool is_ours = !is_found && !store.uri().names_key();
    const auto text = line(store_line, store.text()) + line(uri_line, key->uri.text()) +
                      line(made_line, is_ours ? "yes" : "no") + key->uri.provider_pem() +
                      pem_of(key->public_key);
    return {crypto::Pkcs11Key::signer(key->uri, key->public_key), secret(text)};
}

KeyText key_in_tpm(const KeyStore& store, crypto::KeyType type) {
    const auto key = crypto::Tpm2Key::make(store.tcti(), type);
    const auto text = line(store_line, store.text()) + key.pem() + pem_of(key.public_key());
    return {key.signer(store.tcti()), secret(text)};
}

/// Each step of an order reads the facts with its key, and each order the account's.
LastRead<crypto::Signer>& known_signers() {
    static LastRead<crypto::Signer> known;
    return known;
}

base::Result<crypto::Signer> signer_in_file(std::string_view text) {
    const auto digest = crypto::sha256(base::bytes_of(text));
    if (auto known = known_signers().find(digest)) return *std::move(known);
    const auto key = crypto::PrivateKey::from_pem(text);
    if (!key) return std::unexpected(key.error());
    const crypto::Signer signer(*key);
    known_signers().keep(digest, signer);
    return signer;
}

KeyText key_in_file(const KeyStore& store, crypto::KeyType type) {
    auto key = crypto::PrivateKey::generate(type);
    if (!store.is_encrypted()) {
        KeyText made{key, key.to_pem()};
        known_signers().keep(crypto::sha256(made.text), made.signer);
        return made;
    }
    const auto passphrase = crypto::read_passphrase(store.passphrase(), {});
    const auto text = line(store_line, store.text()) + crypto::to_encrypted_pem(key, passphrase) +
                      pem_of(key.public_key());
    return {std::move(key), secret(text)};
}

}  // namespace

bool is_key_text(std::string_view text) {
    return text.contains("-----BEGIN ");
}

bool is_reference(std::string_view text) {
    return !value_of(text, store_line).empty() ||
           !block_of(text, crypto::Tpm2Key::pem_label).empty();
}

base::Result<KeyStore> store_of(std::string_view text) {
    const auto named = value_of(text, store_line);
    return named.empty() ? base::Result<KeyStore>(KeyStore()) : KeyStore::from_text(named);
}

base::Result<crypto::Signer> signer_from(std::string_view text) {
    const auto store = store_of(text);
    if (!store) return std::unexpected(store.error());
    switch (store->kind()) {
        case KeyStore::Kind::pkcs11:
            return signer_of_uri(text);
        case KeyStore::Kind::tpm2:
            return signer_of_tpm(text, *store);
        case KeyStore::Kind::file:
            break;
    }
    if (store->is_encrypted()) return signer_of_encrypted(text, *store);
    // One that another program has put into a TPM, too, is read as what it is.
    if (!block_of(text, crypto::Tpm2Key::pem_label).empty()) return signer_of_tpm(text, *store);
    return signer_in_file(text);
}

KeyText key_in(const KeyStore& store, crypto::KeyType type, const std::string& label) {
    switch (store.kind()) {
        case KeyStore::Kind::pkcs11:
            return key_in_token(store, type, label);
        case KeyStore::Kind::tpm2:
            return key_in_tpm(store, type);
        case KeyStore::Kind::file:
            break;
    }
    return key_in_file(store, type);
}

namespace {

// What a person can do about a place that gives no key.
std::string key_store_advice(const KeyStore& store) {
    switch (store.kind()) {
        case KeyStore::Kind::pkcs11:
            return "`pkcs11-tool --module MODULE --list-token-slots` shows the tokens; a key in a "
                   "file needs neither: --key-store file.";
        case KeyStore::Kind::tpm2:
            return "`tpm2_getcap handles-persistent` shows whether the TPM answers; name another "
                   "way to it by --key-store tpm2:TCTI.";
        case KeyStore::Kind::file:
            break;
    }
    return "say where the passphrase is by --passphrase-file.";
}

template <class Work>
auto or_fail(const KeyStore& store, Phase phase, const std::string& tried, const Work& work) {
    try {
        return work();
    } catch (const Failure&) {
        throw;
    } catch (const std::runtime_error& error) {
        throw Failure({tried, phase}, error.what(), key_store_advice(store));
    }
}

}  // namespace

KeyText key_or_fail(const KeyStore& store, crypto::KeyType type, const std::string& label,
                    Phase phase) {
    return or_fail(store, phase, "make a key in " + store.text(),
                   [&] { return key_in(store, type, label); });
}

void require_reachable(const KeyStore& store, Phase phase) {
    or_fail(store, phase, "reach " + store.text(), [&] {
        if (store.kind() == KeyStore::Kind::pkcs11) crypto::Pkcs11Key::require_token(store.uri());
        if (store.kind() == KeyStore::Kind::tpm2) crypto::Tpm2Key::require_tpm(store.tcti());
        if (store.is_encrypted()) (void)crypto::read_passphrase(store.passphrase(), {});
    });
}

bool leaves_something(std::string_view text) {
    return value_of(text, made_line) == "yes";
}

std::string leaving_nothing(std::string_view text) {
    const auto line_before = line(made_line, "yes");
    std::string result(text);
    if (const auto at = result.find(line_before); at != std::string::npos)
        result.replace(at, line_before.size(), line(made_line, "no"));
    return result;
}

void remove_key_of(std::string_view text) {
    if (!leaves_something(text)) return;
    const auto uri = crypto::Pkcs11Uri::from_text(value_of(text, uri_line));
    if (uri && !uri->id.empty()) crypto::Pkcs11Key::remove(*uri);
}

}  // namespace cairn::client
