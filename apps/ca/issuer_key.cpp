#include "apps/ca/issuer_key.h"

#include <stdexcept>
#include <utility>

#include "crypto/encrypted_key.h"
#include "crypto/key_unavailable.h"
#include "crypto/pkcs11/key.h"
#include "crypto/tpm2/key.h"
#include "pki/authority_certificates.h"

namespace cairn::apps {

namespace {

crypto::KeyType type_of(const crypto::PublicKey& key) {
    switch (key.algorithm()) {
        case crypto::KeyAlgorithm::ec_p384:
            return crypto::KeyType::ec_p384;
        case crypto::KeyAlgorithm::rsa:
            return key.bits() >= 4096   ? crypto::KeyType::rsa4096
                   : key.bits() >= 3072 ? crypto::KeyType::rsa3072
                                        : crypto::KeyType::rsa2048;
        case crypto::KeyAlgorithm::ec_p256:
        case crypto::KeyAlgorithm::ec_p521:
        case crypto::KeyAlgorithm::ed25519:
            break;
    }
    return crypto::KeyType::ec_p256;
}

}  // namespace

base::Result<IssuerKeyStore> IssuerKeyStore::from_text(std::string_view text) {
    if (text == "file") return IssuerKeyStore{};
    if (text == "tpm2" || text.starts_with("tpm2:"))
        return IssuerKeyStore{.kind = Kind::tpm2,
                              .tcti = std::string(text.size() > 5 ? text.substr(5) : "")};
    if (!crypto::Pkcs11Uri::is_one(text))
        return base::fail("\"" + base::printable(text, 40) +
                          "\" is no key store: it is file, pkcs11:URI or tpm2");
    auto uri = crypto::Pkcs11Uri::from_text(text);
    if (!uri) return std::unexpected(uri.error());
    return IssuerKeyStore{.kind = Kind::pkcs11, .uri = *std::move(uri)};
}

IssuerKey::IssuerKey(const crypto::PrivateKey& key) : signer_(key), in_memory_(key) {}

IssuerKey IssuerKey::make(const IssuerKeyStore& store, crypto::KeyType type,
                          const std::string& label) {
    if (store.kind == IssuerKeyStore::Kind::file) return crypto::PrivateKey::generate(type);
    if (store.kind == IssuerKeyStore::Kind::tpm2) {
        const auto key = crypto::Tpm2Key::make(store.tcti, type);
        return {key.signer(store.tcti), key.pem()};
    }
    auto found = store.uri.names_key() ? crypto::Pkcs11Key::find(store.uri) : std::nullopt;
    const bool is_found = found.has_value();
    if (is_found && type_of(found->public_key) != type)
        throw std::runtime_error(
            "the key that " + store.uri.text() + " names is there, and is not of type " +
            std::string(to_string(type)) + ": say its type by --key-type, or give another name");
    if (!found) found = crypto::Pkcs11Key::make(store.uri, type, label);
    IssuerKey key(crypto::Pkcs11Key::signer(found->uri, found->public_key), {});
    key.uri_ = std::move(found->uri);
    key.is_made_now_ = !is_found;
    return key;
}

IssuerKey IssuerKey::of_token(const std::string& text) {
    const auto uri = crypto::Pkcs11Uri::from_text(text);
    if (!uri) throw std::runtime_error(uri.error().message);
    if (!uri->names_key())
        throw std::runtime_error(
            "the PKCS #11 URI names a token and no key in it: add object=NAME "
            "or id=%XX...");
    auto found = crypto::Pkcs11Key::find(*uri);
    if (!found) throw std::runtime_error("the token has no private key that is " + uri->text());
    IssuerKey key(crypto::Pkcs11Key::signer(found->uri, found->public_key), {});
    key.uri_ = std::move(found->uri);
    return key;
}

base::Result<IssuerKey> IssuerKey::of_tpm(std::string_view pem, const std::string& tcti) {
    const auto key = crypto::Tpm2Key::from_pem(pem);
    if (!key) return std::unexpected(key.error());
    return IssuerKey(key->signer(tcti), key->pem());
}

std::optional<base::SecretBytes> IssuerKey::file_text(base::BytesView passphrase) const {
    const auto secret = [](const std::string& text) {
        return base::SecretBytes(text.begin(), text.end());
    };
    if (uri_) return std::nullopt;
    if (!in_memory_) return secret(wrapped_);
    if (passphrase.empty()) return in_memory_->to_pem();
    return secret(crypto::to_encrypted_pem(*in_memory_, passphrase));
}

void IssuerKey::take_back() const noexcept try {
    if (uri_ && is_made_now_) crypto::Pkcs11Key::remove(*uri_);
} catch (const std::exception&) {
    // It stays in the token, where its label tells what it was for.
}

base::Bytes HeldKey::sign(base::BytesView octets) const {
    try {
        return pki::sign_x509(signer_, octets);
    } catch (const crypto::KeyUnavailable& error) {
        throw ca::SignerUnavailable(error.what());
    }
}

}  // namespace cairn::apps
