#include "crypto/encrypted_key.h"

#include <algorithm>
#include <climits>
#include <cstdint>
#include <memory>
#include <optional>

#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "crypto/openssl.h"

namespace cairn::crypto {
namespace {

constexpr std::string_view encrypted_label = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
constexpr std::string_view encrypted_field = "Proc-Type: 4,ENCRYPTED";
constexpr std::size_t longest_pem = 65536;
constexpr std::uint64_t most_rounds = 2'000'000;
constexpr std::uint64_t most_scrypt_work = std::uint64_t{1} << 22U;
constexpr std::uint64_t scrypt_n = 16384;
constexpr std::uint64_t scrypt_r = 8;
constexpr std::uint64_t scrypt_p = 1;

using SigHandle = Handle<X509_SIG, &X509_SIG_free>;
using Pkcs8Handle = Handle<PKCS8_PRIV_KEY_INFO, &PKCS8_PRIV_KEY_INFO_free>;
using Pbe2Handle = Handle<PBE2PARAM, &PBE2PARAM_free>;
using Pbkdf2Handle = Handle<PBKDF2PARAM, &PBKDF2PARAM_free>;
using ScryptHandle = Handle<SCRYPT_PARAMS, &SCRYPT_PARAMS_free>;
using PbeHandle = Handle<PBEPARAM, &PBEPARAM_free>;

/// The parameters of an algorithm as a structure of OpenSSL's; null if they are none.
template <class HandleType>
HandleType parameters_of(const X509_ALGOR* algorithm, const ASN1_ITEM* item) {
    const void* value = nullptr;
    int type = V_ASN1_UNDEF;
    X509_ALGOR_get0(nullptr, &type, &value, algorithm);
    if (type != V_ASN1_SEQUENCE || value == nullptr) return {};
    const auto* const text = static_cast<const ASN1_STRING*>(value);
    const unsigned char* data = ASN1_STRING_get0_data(text);
    return HandleType(static_cast<typename HandleType::element_type*>(
        static_cast<void*>(ASN1_item_d2i(nullptr, &data, ASN1_STRING_length(text), item))));
}

int kind_of(const X509_ALGOR* algorithm) {
    const ASN1_OBJECT* object = nullptr;
    X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
    return OBJ_obj2nid(object);
}

/// A count as it stands; nothing if it is negative or beyond all bounds.
std::optional<std::uint64_t> number_of(const ASN1_INTEGER* integer) {
    std::uint64_t number = 0;
    if (integer == nullptr || ASN1_INTEGER_get_uint64(&number, integer) != 1) return std::nullopt;
    return number;
}

bool is_cheap(const ASN1_INTEGER* rounds) {
    const auto number = number_of(rounds);
    return number && *number <= most_rounds;
}

/// Whether the key of the cipher is derived in bearable time. What cannot be read is left to
/// OpenSSL, which cannot derive from it either.
bool is_derivation_cheap(const X509_ALGOR* algorithm) {
    if (kind_of(algorithm) != NID_pbes2) {
        const auto old = parameters_of<PbeHandle>(algorithm, ASN1_ITEM_rptr(PBEPARAM));
        return !old || is_cheap(old->iter);
    }
    const auto pbes2 = parameters_of<Pbe2Handle>(algorithm, ASN1_ITEM_rptr(PBE2PARAM));
    if (!pbes2) return true;
    if (kind_of(pbes2->keyfunc) == NID_id_scrypt) {
        const auto scrypt =
            parameters_of<ScryptHandle>(pbes2->keyfunc, ASN1_ITEM_rptr(SCRYPT_PARAMS));
        if (!scrypt) return true;
        const auto n = number_of(scrypt->costParameter);
        const auto r = number_of(scrypt->blockSize);
        const auto p = number_of(scrypt->parallelizationParameter);
        return n && r && p && *n <= most_scrypt_work && *r <= most_scrypt_work &&
               *p <= most_scrypt_work && *n * *r <= most_scrypt_work &&
               *n * *r * *p <= most_scrypt_work;
    }
    const auto pbkdf2 = parameters_of<Pbkdf2Handle>(pbes2->keyfunc, ASN1_ITEM_rptr(PBKDF2PARAM));
    return !pbkdf2 || is_cheap(pbkdf2->iter);
}

/// Why the decryption went wrong, from OpenSSL's queue.
std::unexpected<base::Error> failure() {
    const auto code = ERR_peek_error();
    const auto last = ERR_peek_last_error();
    const bool is_unknown = ERR_GET_REASON(code) == ERR_R_UNSUPPORTED ||
                            ERR_GET_REASON(last) == ERR_R_UNSUPPORTED ||
                            ERR_GET_REASON(last) == EVP_R_UNKNOWN_PBE_ALGORITHM;
    const auto reason = openssl_error();
    if (is_unknown)
        return base::fail("OpenSSL does not know how the private key is encrypted (" + reason +
                          "); `openssl pkcs8 -topk8` writes it anew");
    return base::fail("the passphrase is wrong, or the encrypted private key is damaged (" +
                      reason + ")");
}

/// What a block of PEM labelled "ENCRYPTED PRIVATE KEY" holds.
base::Result<PrivateKey> from_pkcs8(BIO* source, base::BytesView passphrase) {
    const SigHandle sealed(PEM_read_bio_PKCS8(source, nullptr, nullptr, nullptr));
    if (!sealed) return base::fail("the encrypted private key cannot be read: " + openssl_error());
    const X509_ALGOR* algorithm = nullptr;
    X509_SIG_get0(sealed.get(), &algorithm, nullptr);
    if (!is_derivation_cheap(algorithm))
        return base::fail(
            "the encrypted private key wants more work to be opened than is done for it; `openssl "
            "pkcs8 -topk8 -iter 600000` writes it anew");
    ERR_clear_error();
    const Pkcs8Handle opened(PKCS8_decrypt(sealed.get(),
                                           reinterpret_cast<const char*>(passphrase.data()),
                                           static_cast<int>(passphrase.size())));
    if (!opened) return failure();
    std::shared_ptr<EVP_PKEY> key(EVP_PKCS82PKEY(opened.get()), &EVP_PKEY_free);
    if (!key) return failure();
    return PrivateKey::from_handle(std::move(key));
}

int give_passphrase(char* buffer, int size, int, void* given) {
    const auto& passphrase = *static_cast<const base::BytesView*>(given);
    if (size < 0 || passphrase.size() > static_cast<std::size_t>(size)) return -1;
    std::ranges::copy(passphrase, buffer);
    return static_cast<int>(passphrase.size());
}

}  // namespace

bool has_encrypted_key(std::string_view pem) {
    return pem.contains(encrypted_label) || pem.contains(encrypted_field);
}

base::Result<PrivateKey> encrypted_key_from_pem(std::string_view pem, base::BytesView passphrase) {
    if (pem.empty()) return base::fail("not a private key in PEM: it is empty");
    if (pem.size() > longest_pem) return base::fail("private key is longer than 65536 octets");
    if (passphrase.size() > INT_MAX) return base::fail("the passphrase is too long");
    const BioHandle source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    require(source != nullptr, "reading a private key");
    ERR_clear_error();
    if (pem.contains(encrypted_label)) return from_pkcs8(source.get(), passphrase);
    std::shared_ptr<EVP_PKEY> key(
        PEM_read_bio_PrivateKey(source.get(), nullptr, &give_passphrase, &passphrase),
        &EVP_PKEY_free);
    if (!key) return failure();
    return PrivateKey::from_handle(std::move(key));
}

std::string to_encrypted_pem(const PrivateKey& key, base::BytesView passphrase) {
    const Pkcs8Handle plain(EVP_PKEY2PKCS8(key.handle()));
    require(plain != nullptr, "writing a private key");
    Handle<X509_ALGOR, &X509_ALGOR_free> algorithm(PKCS5_pbe2_set_scrypt(
        EVP_aes_256_cbc(), nullptr, 0, nullptr, scrypt_n, scrypt_r, scrypt_p));
    require(algorithm != nullptr, "encrypting a private key");
    const SigHandle sealed(PKCS8_set0_pbe(reinterpret_cast<const char*>(passphrase.data()),
                                          static_cast<int>(passphrase.size()), plain.get(),
                                          algorithm.get()));
    require(sealed != nullptr, "encrypting a private key");
    (void)algorithm.release();  // it is part of what was sealed
    const BioHandle target(BIO_new(BIO_s_mem()));
    require(target && PEM_write_bio_PKCS8(target.get(), sealed.get()) == 1,
            "writing a private key");
    BUF_MEM* memory = nullptr;
    BIO_get_mem_ptr(target.get(), &memory);
    return {memory->data, memory->length};
}

}  // namespace cairn::crypto
