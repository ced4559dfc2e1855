// The private half of crypto/key.h.
#include <stdexcept>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/enum_table.h"
#include "crypto/key.h"
#include "crypto/openssl.h"
#include "crypto/signature.h"

namespace cairn::crypto {
namespace {

constexpr base::EnumTable<KeyType, std::string_view> key_type_names({
    {KeyType::ec_p256, "ec-p256"},
    {KeyType::ec_p384, "ec-p384"},
    {KeyType::rsa2048, "rsa2048"},
    {KeyType::rsa3072, "rsa3072"},
    {KeyType::rsa4096, "rsa4096"},
    {KeyType::ed25519, "ed25519"},
});

EVP_PKEY* generated(KeyType type) {
    const auto rsa = [](std::size_t bits) {
        return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits);
    };
    switch (type) {
        case KeyType::ec_p256:
            return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
        case KeyType::ec_p384:
            return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384");
        case KeyType::rsa2048:
            return rsa(2048);
        case KeyType::rsa3072:
            return rsa(3072);
        case KeyType::rsa4096:
            return rsa(4096);
        case KeyType::ed25519:
            return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    }
    return nullptr;
}

/// Answers that there is no passphrase; without it OpenSSL would ask on the terminal.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

}  // namespace

std::string_view to_string(KeyType type) {
    return key_type_names[type];
}

base::Result<KeyType> key_type_from(std::string_view text) {
    if (const auto type = key_type_names.find(text)) return *type;
    return base::fail("key type " + base::printable(text, 40) + " is none of " +
                      base::listed(key_type_names));
}

PrivateKey PrivateKey::generate(KeyType type) {
    std::shared_ptr<EVP_PKEY> key(generated(type), &EVP_PKEY_free);
    require(key != nullptr, "generating a key");
    auto public_key = PublicKey::from_handle(key);
    if (!public_key) throw std::runtime_error("generated key: " + public_key.error().message);
    return {std::move(key), std::move(*public_key)};
}

base::Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
    constexpr std::size_t longest = 65536;  // four times an RSA key of the greatest size
    if (pem.empty()) return base::fail("not an unencrypted private key in PEM: it is empty");
    if (pem.size() > longest) return base::fail("private key is longer than 65536 octets");
    const BioHandle source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    require(source != nullptr, "reading a private key");
    std::shared_ptr<EVP_PKEY> key(
        PEM_read_bio_PrivateKey(source.get(), nullptr, &no_passphrase, nullptr), &EVP_PKEY_free);
    if (!key) return base::fail("not an unencrypted private key in PEM: " + openssl_error());
    return from_handle(std::move(key));
}

base::Result<PrivateKey> PrivateKey::from_handle(std::shared_ptr<EVP_PKEY> key) {
    auto public_key = PublicKey::from_handle(key);
    if (!public_key) return std::unexpected(public_key.error());

    PrivateKey result(std::move(key), std::move(*public_key));
    // The halves in a file may belong to different keys; nobody could verify such a signature.
    const auto probe = base::bytes_of("one key in two halves");
    try {
        if (!verify(result.public_key(), algorithm_for(result.public_key()), probe,
                    sign(result, probe))) {
            return base::fail("private and public half are not of the same key");
        }
    } catch (const std::runtime_error& error) {
        return base::fail(std::string("private key cannot sign: ") + error.what());
    }
    return result;
}

base::SecretBytes PrivateKey::to_pem() const {
    // Wiped when it is freed, unlike BIO_s_mem.
    const BioHandle target(BIO_new(BIO_s_secmem()));
    require(target && PEM_write_bio_PKCS8PrivateKey(target.get(), key_.get(), nullptr, nullptr, 0,
                                                    nullptr, nullptr) == 1,
            "writing a private key");
    BUF_MEM* memory = nullptr;
    BIO_get_mem_ptr(target.get(), &memory);
    const auto text = base::bytes_of({memory->data, memory->length});
    return {text.begin(), text.end()};
}

}  // namespace cairn::crypto
