#include "crypto/signature.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "crypto/integer_pair.h"
#include "crypto/openssl.h"

namespace cairn::crypto {
namespace {

struct AlgorithmName {
    SignatureAlgorithm algorithm;
    std::string_view name;
};
constexpr std::array algorithm_names = {
    AlgorithmName{SignatureAlgorithm::es256, "ES256"},
    AlgorithmName{SignatureAlgorithm::es384, "ES384"},
    AlgorithmName{SignatureAlgorithm::es512, "ES512"},
    AlgorithmName{SignatureAlgorithm::rs256, "RS256"},
    AlgorithmName{SignatureAlgorithm::eddsa, "EdDSA"},
};

constexpr std::size_t ed25519_signature_size = 64;

const EVP_MD* digest_of(SignatureAlgorithm algorithm) {
    switch (algorithm) {
        case SignatureAlgorithm::es256:
        case SignatureAlgorithm::rs256:
            return sha256_algorithm();
        case SignatureAlgorithm::es384:
            return sha384_algorithm();
        case SignatureAlgorithm::es512:
            return sha512_algorithm();
        case SignatureAlgorithm::eddsa:
            return nullptr;
    }
    return nullptr;
}

/// Octets of r and of s; 0 for algorithms that do not have them.
std::size_t ecdsa_number_size(SignatureAlgorithm algorithm) {
    switch (algorithm) {
        case SignatureAlgorithm::es256:
            return 32;
        case SignatureAlgorithm::es384:
            return 48;
        case SignatureAlgorithm::es512:
            return 66;
        case SignatureAlgorithm::rs256:
        case SignatureAlgorithm::eddsa:
            return 0;
    }
    return 0;
}

/// A message digest, whatever its length.
class Digest {
  public:
    Digest(const EVP_MD* algorithm, base::BytesView data) {
        require(
            EVP_Digest(data.data(), data.size(), octets_.data(), &size_, algorithm, nullptr) == 1,
            "digest");
    }
    [[nodiscard]] const unsigned char* data() const { return octets_.data(); }
    [[nodiscard]] std::size_t size() const { return size_; }

  private:
    std::array<unsigned char, EVP_MAX_MD_SIZE> octets_;
    unsigned size_ = 0;
};

PkeyContextHandle context_for(EVP_PKEY* key) {
    PkeyContextHandle context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    require(context != nullptr, "key context");
    return context;
}

/// RSASSA-PKCS1-v1_5 with SHA-256, the only RSA that JOSE has here.
bool set_pkcs1(EVP_PKEY_CTX* context) {
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
           EVP_PKEY_CTX_set_signature_md(context, sha256_algorithm()) == 1;
}

bool verify_digest(EVP_PKEY* key, SignatureAlgorithm algorithm, const Digest& digest,
                   base::BytesView signature) {
    const auto context = context_for(key);
    return EVP_PKEY_verify_init(context.get()) == 1 &&
           (algorithm != SignatureAlgorithm::rs256 || set_pkcs1(context.get())) &&
           EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(),
                           digest.size()) == 1;
}

bool verify_ed25519(EVP_PKEY* key, base::BytesView data, base::BytesView signature) {
    const DigestContextHandle context(EVP_MD_CTX_new());
    require(context != nullptr, "signature context");
    return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
           EVP_DigestVerify(context.get(), signature.data(), signature.size(), data.data(),
                            data.size()) == 1;
}

base::Bytes sign_digest(EVP_PKEY* key, SignatureAlgorithm algorithm, const Digest& digest) {
    const auto context = context_for(key);
    std::size_t size = 0;
    require(EVP_PKEY_sign_init(context.get()) == 1 &&
                (algorithm != SignatureAlgorithm::rs256 || set_pkcs1(context.get())) &&
                EVP_PKEY_sign(context.get(), nullptr, &size, digest.data(), digest.size()) == 1,
            "signing");
    base::Bytes signature(size);
    require(
        EVP_PKEY_sign(context.get(), signature.data(), &size, digest.data(), digest.size()) == 1,
        "signing");
    signature.resize(size);
    return signature;
}

base::Bytes sign_ed25519(EVP_PKEY* key, base::BytesView data) {
    const DigestContextHandle context(EVP_MD_CTX_new());
    base::Bytes signature(ed25519_signature_size);
    std::size_t size = signature.size();
    require(
        context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
            EVP_DigestSign(context.get(), signature.data(), &size, data.data(), data.size()) == 1 &&
            size == signature.size(),
        "signing");
    return signature;
}

/// r and s side by side out of their DER.
base::Bytes side_by_side(base::BytesView der, std::size_t number_size) {
    const auto pair = integer_pair_from_der(der);
    if (!pair || pair->first.size() > number_size || pair->second.size() > number_size) {
        throw std::runtime_error("signing: OpenSSL returned an ECDSA signature that is none");
    }
    base::Bytes signature(2 * number_size);
    const auto middle = signature.begin() + static_cast<std::ptrdiff_t>(number_size);
    std::ranges::copy_backward(pair->first, middle);
    std::ranges::copy_backward(pair->second, signature.end());
    return signature;
}

}  // namespace

std::string_view to_string(SignatureAlgorithm algorithm) {
    return std::ranges::find(algorithm_names, algorithm, &AlgorithmName::algorithm)->name;
}

base::Result<SignatureAlgorithm> signature_algorithm_from(std::string_view text) {
    if (text == "Ed25519") return SignatureAlgorithm::eddsa;
    const auto* found = std::ranges::find(algorithm_names, text, &AlgorithmName::name);
    if (found == algorithm_names.end()) {
        return base::fail("signature algorithm " + base::printable(text, 40) +
                          " is none of ES256, ES384, ES512, RS256, EdDSA");
    }
    return found->algorithm;
}

SignatureAlgorithm algorithm_for(const PublicKey& key) {
    switch (key.algorithm()) {
        case KeyAlgorithm::rsa:
            return SignatureAlgorithm::rs256;
        case KeyAlgorithm::ec_p256:
            return SignatureAlgorithm::es256;
        case KeyAlgorithm::ec_p384:
            return SignatureAlgorithm::es384;
        case KeyAlgorithm::ec_p521:
            return SignatureAlgorithm::es512;
        case KeyAlgorithm::ed25519:
            return SignatureAlgorithm::eddsa;
    }
    throw std::logic_error("key of no algorithm");
}

bool verify(const PublicKey& key, SignatureAlgorithm algorithm, base::BytesView data,
            base::BytesView signature) {
    if (algorithm != algorithm_for(key)) return false;
    bool valid = false;
    if (algorithm == SignatureAlgorithm::eddsa) {
        valid = signature.size() == ed25519_signature_size &&
                verify_ed25519(key.handle(), data, signature);
    } else if (const std::size_t size = ecdsa_number_size(algorithm); size != 0) {
        // That r and s are within 1 and the order less 1 is for OpenSSL to check.
        valid = signature.size() == 2 * size &&
                verify_digest(key.handle(), algorithm, Digest(digest_of(algorithm), data),
                              to_der({signature.first(size), signature.subspan(size)}));
    } else {
        valid =
            signature.size() == static_cast<std::size_t>(key.bits() + 7) / 8 &&
            verify_digest(key.handle(), algorithm, Digest(digest_of(algorithm), data), signature);
    }
    if (!valid) ERR_clear_error();
    return valid;
}

base::Bytes sign(const PrivateKey& key, base::BytesView data) {
    const SignatureAlgorithm algorithm = algorithm_for(key.public_key());
    if (algorithm == SignatureAlgorithm::eddsa) return sign_ed25519(key.handle(), data);
    base::Bytes signature =
        sign_digest(key.handle(), algorithm, Digest(digest_of(algorithm), data));
    const std::size_t size = ecdsa_number_size(algorithm);
    return size == 0 ? signature : side_by_side(signature, size);
}

}  // namespace cairn::crypto
