// The private half of crypto/key.h.
#include <stdexcept>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "base/enum_table.h"
#include "crypto/ec_pkcs8.h"
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
int refuse_passphrase(char*, int, int, void*) {
    return -1;
}

using SecretNumberHandle = Handle<BIGNUM, &BN_clear_free>;
using ParameterBuilderHandle = Handle<OSSL_PARAM_BLD, &OSSL_PARAM_BLD_free>;
using ParametersHandle = Handle<OSSL_PARAM, &OSSL_PARAM_free>;

/// The private key with these numbers on the curve of `public_key`; null if the scalar is out of
/// range.
std::shared_ptr<EVP_PKEY> ec_private_key(const PublicKey& public_key, base::BytesView scalar) {
    const char* const group = public_key.algorithm() == KeyAlgorithm::ec_p256 ? "P-256" : "P-384";
    const auto [x, y] = public_key.ec_point();
    base::Bytes point{0x04};
    point.insert(point.end(), x.begin(), x.end());
    point.insert(point.end(), y.begin(), y.end());
    const SecretNumberHandle number(BN_secure_new());
    const ParameterBuilderHandle builder(OSSL_PARAM_BLD_new());
    require(
        number && builder &&
            BN_bin2bn(scalar.data(), static_cast<int>(scalar.size()), number.get()) != nullptr &&
            OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, 0) ==
                1 &&
            OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get()) == 1 &&
            OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                             point.size()) == 1,
        "preparing a key");
    const ParametersHandle parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    const PkeyContextHandle context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    require(parameters && context && EVP_PKEY_fromdata_init(context.get()) == 1, "preparing a key");
    EVP_PKEY* key = nullptr;
    if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, parameters.get()) != 1)
        return nullptr;
    return {key, &EVP_PKEY_free};
}

/// The secret number of an EC key, at the full length of its curve; nothing if the key does not
/// give it.
std::optional<base::SecretBytes> scalar_of(EVP_PKEY* key, std::size_t size) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) != 1) {
        ERR_clear_error();
        return std::nullopt;
    }
    const SecretNumberHandle owned(number);
    base::SecretBytes scalar(size);
    if (BN_bn2binpad(number, scalar.data(), static_cast<int>(size)) != static_cast<int>(size))
        return std::nullopt;
    return scalar;
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
    if (const auto numbers = from_ec_pem(pem)) {
        auto public_key = PublicKey::from_ec_point(numbers->curve, numbers->x, numbers->y);
        if (!public_key) return std::unexpected(public_key.error());
        auto ec_key = ec_private_key(*public_key, numbers->scalar);
        if (!ec_key) return base::fail("not a private key: " + openssl_error());
        return from_halves(std::move(ec_key), *std::move(public_key));
    }
    const BioHandle source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    require(source != nullptr, "reading a private key");
    std::shared_ptr<EVP_PKEY> key(
        PEM_read_bio_PrivateKey(source.get(), nullptr, &refuse_passphrase, nullptr),
        &EVP_PKEY_free);
    if (!key) return base::fail("not an unencrypted private key in PEM: " + openssl_error());
    return from_handle(std::move(key));
}

base::Result<PrivateKey> PrivateKey::from_handle(std::shared_ptr<EVP_PKEY> key) {
    auto public_key = PublicKey::from_handle(key);
    if (!public_key) return std::unexpected(public_key.error());
    return from_halves(std::move(key), *std::move(public_key));
}

base::Result<PrivateKey> PrivateKey::from_halves(std::shared_ptr<EVP_PKEY> key,
                                                 PublicKey public_key) {
    PrivateKey result(std::move(key), std::move(public_key));
    if (EVP_PKEY_is_a(result.handle(), "EC") == 1) {
        const PkeyContextHandle context(
            EVP_PKEY_CTX_new_from_pkey(nullptr, result.handle(), nullptr));
        require(context != nullptr, "comparing the halves of a key");
        if (EVP_PKEY_pairwise_check(context.get()) == 1) return result;
        ERR_clear_error();
        return base::fail("private and public half are not of the same key");
    }
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
    const auto curve = public_key_.algorithm();
    if (curve == KeyAlgorithm::ec_p256 || curve == KeyAlgorithm::ec_p384) {
        auto [x, y] = public_key_.ec_point();
        if (auto scalar = scalar_of(key_.get(), x.size()))
            return to_ec_pem({curve, *std::move(scalar), std::move(x), std::move(y)});
    }
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
