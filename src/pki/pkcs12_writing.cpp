#include "pki/pkcs12_writing.h"

#include <memory>

#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "crypto/openssl.h"

namespace cairn::pki {
namespace {

/// As OpenSSL 3 counts by itself; Java counts 10,000 for keys.
constexpr int rounds = 10000;

using X509Handle = std::unique_ptr<X509, decltype(&X509_free)>;

struct StackDeleter {
    void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, &X509_free); }
};
struct Pkcs12Deleter {
    void operator()(PKCS12* file) const { PKCS12_free(file); }
};

X509Handle handle_of(const Certificate& certificate) {
    const auto& der = certificate.der();
    const auto* octets = der.data();
    X509Handle handle(d2i_X509(nullptr, &octets, static_cast<long>(der.size())), &X509_free);
    crypto::require(handle != nullptr, "a certificate");
    return handle;
}

}  // namespace

base::SecretBytes write_pkcs12(const crypto::PrivateKey& key, std::span<const Certificate> chain,
                               const std::string& name, const base::SecretBytes& passphrase,
                               Pkcs12Protection protection) {
    const auto leaf = handle_of(chain.front());
    const std::unique_ptr<STACK_OF(X509), StackDeleter> others(sk_X509_new_null());
    crypto::require(others != nullptr, "PKCS#12");
    for (const auto& certificate : chain.subspan(1)) {
        auto handle = handle_of(certificate);
        crypto::require(sk_X509_push(others.get(), handle.get()) > 0, "PKCS#12");
        static_cast<void>(handle.release());
    }
    base::SecretBytes text(passphrase);
    text.push_back(0);
    const auto* const secret = reinterpret_cast<const char*>(text.data());
    const bool is_legacy = protection == Pkcs12Protection::legacy;
    // Not RC2-40, which certificates had once: 3DES is read by all that read it.
    const int cipher = is_legacy ? NID_pbe_WithSHA1And3_Key_TripleDES_CBC : NID_aes_256_cbc;
    // The MAC comes by itself below, with a digest of our choice.
    const std::unique_ptr<PKCS12, Pkcs12Deleter> file(
        PKCS12_create(secret, name.c_str(), key.handle(), leaf.get(), others.get(), cipher, cipher,
                      rounds, -1, 0));
    crypto::require(file != nullptr, "PKCS#12");
    crypto::require(PKCS12_set_mac(file.get(), secret, static_cast<int>(passphrase.size()), nullptr,
                                   0, rounds, is_legacy ? EVP_sha1() : EVP_sha256()) == 1,
                    "the MAC of PKCS#12");
    const int size = i2d_PKCS12(file.get(), nullptr);
    crypto::require(size > 0, "PKCS#12");
    base::SecretBytes der(static_cast<std::size_t>(size));
    auto* out = der.data();
    crypto::require(i2d_PKCS12(file.get(), &out) == size, "PKCS#12");
    return der;
}

}  // namespace cairn::pki
