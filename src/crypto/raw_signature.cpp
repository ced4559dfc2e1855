#include "crypto/raw_signature.h"

#include <array>

#include <openssl/err.h>
#include <openssl/rsa.h>

namespace cairn::crypto {
namespace {

/// A message digest, whatever its length.
class Digest {
  public:
    Digest(const EVP_MD* algorithm, base::BytesView data) : size_(hash(algorithm, data, octets_)) {}
    [[nodiscard]] const unsigned char* data() const { return octets_.data(); }
    [[nodiscard]] std::size_t size() const { return size_; }

  private:
    std::array<unsigned char, EVP_MAX_MD_SIZE> octets_;
    std::size_t size_;
};

/// Sets the padding of RSA; the other algorithms have none. The context may have been used with
/// another padding, so everything is set.
bool set_scheme(EVP_PKEY_CTX* context, KeyAlgorithm algorithm, const EVP_MD* digest,
                RsaPadding padding) {
    if (algorithm != KeyAlgorithm::rsa) return true;
    if (padding == RsaPadding::pkcs1) {
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
               EVP_PKEY_CTX_set_signature_md(context, digest) == 1;
    }
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_signature_md(context, digest) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

bool verify_ed25519(EVP_PKEY* key, base::BytesView data, base::BytesView signature) {
    const DigestContextHandle context(EVP_MD_CTX_new());
    require(context != nullptr, "signature context");
    return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
           EVP_DigestVerify(context.get(), signature.data(), signature.size(), data.data(),
                            data.size()) == 1;
}

bool verify_digest(const PublicKey& key, const EVP_MD* algorithm, base::BytesView data,
                   base::BytesView signature, RsaPadding padding) {
    const PublicKey::Verification verification(key);
    const Digest digest(algorithm, data);
    return set_scheme(verification.context(), key.algorithm(), algorithm, padding) &&
           EVP_PKEY_verify(verification.context(), signature.data(), signature.size(),
                           digest.data(), digest.size()) == 1;
}

base::Bytes sign_ed25519(EVP_PKEY* key, base::BytesView data) {
    const DigestContextHandle context(EVP_MD_CTX_new());
    base::Bytes signature(64);
    std::size_t size = signature.size();
    require(
        context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
            EVP_DigestSign(context.get(), signature.data(), &size, data.data(), data.size()) == 1 &&
            size == signature.size(),
        "signing");
    return signature;
}

base::Bytes sign_digest(const PrivateKey& key, const EVP_MD* algorithm, base::BytesView data) {
    const PkeyContextHandle context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.handle(), nullptr));
    const Digest digest(algorithm, data);
    std::size_t size = 0;
    require(
        context && EVP_PKEY_sign_init(context.get()) == 1 &&
            set_scheme(context.get(), key.public_key().algorithm(), algorithm, RsaPadding::pkcs1) &&
            EVP_PKEY_sign(context.get(), nullptr, &size, digest.data(), digest.size()) == 1,
        "signing");
    base::Bytes signature(size);
    require(
        EVP_PKEY_sign(context.get(), signature.data(), &size, digest.data(), digest.size()) == 1,
        "signing");
    signature.resize(size);
    return signature;
}

}  // namespace

bool verify_raw(const PublicKey& key, const EVP_MD* digest, base::BytesView data,
                base::BytesView signature, RsaPadding padding) {
    const bool is_valid = key.algorithm() == KeyAlgorithm::ed25519
                              ? verify_ed25519(key.handle(), data, signature)
                              : verify_digest(key, digest, data, signature, padding);
    if (!is_valid) ERR_clear_error();
    return is_valid;
}

base::Bytes sign_raw(const PrivateKey& key, const EVP_MD* digest, base::BytesView data) {
    return key.public_key().algorithm() == KeyAlgorithm::ed25519 ? sign_ed25519(key.handle(), data)
                                                                 : sign_digest(key, digest, data);
}

}  // namespace cairn::crypto
