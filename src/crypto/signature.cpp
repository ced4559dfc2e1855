#include "crypto/signature.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "crypto/integer_pair.h"
#include "crypto/openssl.h"
#include "crypto/raw_signature.h"

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
    AlgorithmName{SignatureAlgorithm::rs384, "RS384"},
    AlgorithmName{SignatureAlgorithm::rs512, "RS512"},
    AlgorithmName{SignatureAlgorithm::ps256, "PS256"},
    AlgorithmName{SignatureAlgorithm::ps384, "PS384"},
    AlgorithmName{SignatureAlgorithm::ps512, "PS512"},
    AlgorithmName{SignatureAlgorithm::eddsa, "EdDSA"},
};

constexpr std::size_t ed25519_signature_size = 64;

const EVP_MD* digest_of(SignatureAlgorithm algorithm) {
    switch (algorithm) {
        case SignatureAlgorithm::es256:
        case SignatureAlgorithm::rs256:
        case SignatureAlgorithm::ps256:
            return sha256_algorithm();
        case SignatureAlgorithm::es384:
        case SignatureAlgorithm::rs384:
        case SignatureAlgorithm::ps384:
            return sha384_algorithm();
        case SignatureAlgorithm::es512:
        case SignatureAlgorithm::rs512:
        case SignatureAlgorithm::ps512:
            return sha512_algorithm();
        case SignatureAlgorithm::eddsa:
            return nullptr;
    }
    return nullptr;
}

/// The length of r and of s in octets; 0 for algorithms without them.
std::size_t ecdsa_number_size(SignatureAlgorithm algorithm) {
    switch (algorithm) {
        case SignatureAlgorithm::es256:
            return 32;
        case SignatureAlgorithm::es384:
            return 48;
        case SignatureAlgorithm::es512:
            return 66;
        case SignatureAlgorithm::rs256:
        case SignatureAlgorithm::rs384:
        case SignatureAlgorithm::rs512:
        case SignatureAlgorithm::ps256:
        case SignatureAlgorithm::ps384:
        case SignatureAlgorithm::ps512:
        case SignatureAlgorithm::eddsa:
            return 0;
    }
    return 0;
}

/// How an RSA signature of this algorithm is padded.
RsaPadding padding_of(SignatureAlgorithm algorithm) {
    switch (algorithm) {
        case SignatureAlgorithm::ps256:
        case SignatureAlgorithm::ps384:
        case SignatureAlgorithm::ps512:
            return RsaPadding::pss;
        default:
            return RsaPadding::pkcs1;
    }
}

std::string known_algorithms() {
    std::string names;
    for (const AlgorithmName& known : algorithm_names) {
        if (!names.empty()) names += ", ";
        names += known.name;
    }
    return names;
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
        return base::fail("signature algorithm " + base::printable(text, 40) + " is none of " +
                          known_algorithms());
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

bool fits(SignatureAlgorithm algorithm, const PublicKey& key) {
    switch (algorithm) {
        case SignatureAlgorithm::rs256:
        case SignatureAlgorithm::rs384:
        case SignatureAlgorithm::rs512:
        case SignatureAlgorithm::ps256:
        case SignatureAlgorithm::ps384:
        case SignatureAlgorithm::ps512:
            return key.algorithm() == KeyAlgorithm::rsa;
        case SignatureAlgorithm::es256:
        case SignatureAlgorithm::es384:
        case SignatureAlgorithm::es512:
        case SignatureAlgorithm::eddsa:
            return algorithm == algorithm_for(key);
    }
    return false;
}

bool verify(const PublicKey& key, SignatureAlgorithm algorithm, base::BytesView data,
            base::BytesView signature) {
    if (!fits(algorithm, key)) return false;
    const EVP_MD* digest = digest_of(algorithm);
    if (const std::size_t size = ecdsa_number_size(algorithm); size != 0) {
        // OpenSSL checks that r and s are between 1 and the order less 1.
        return signature.size() == 2 * size &&
               verify_raw(key, digest, data,
                          to_der({signature.first(size), signature.subspan(size)}));
    }
    const std::size_t size = algorithm == SignatureAlgorithm::eddsa
                                 ? ed25519_signature_size
                                 : static_cast<std::size_t>(key.bits() + 7) / 8;
    return signature.size() == size &&
           verify_raw(key, digest, data, signature, padding_of(algorithm));
}

base::Bytes sign(const PrivateKey& key, base::BytesView data) {
    const SignatureAlgorithm algorithm = algorithm_for(key.public_key());
    base::Bytes signature = sign_raw(key, digest_of(algorithm), data);
    const std::size_t size = ecdsa_number_size(algorithm);
    return size == 0 ? signature : side_by_side(signature, size);
}

}  // namespace cairn::crypto
