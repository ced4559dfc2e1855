#include "crypto/signature.h"

#include <algorithm>
#include <stdexcept>

#include "base/enum_table.h"
#include "crypto/integer_pair.h"
#include "crypto/openssl.h"
#include "crypto/raw_signature.h"

namespace cairn::crypto {
namespace {

struct AlgorithmFacts {
    std::string_view name;
    /// Null for EdDSA, which hashes by itself.
    const EVP_MD* (*digest)() = nullptr;
    /// The length of r and of s in octets; 0 for algorithms without them.
    std::size_t number_size = 0;
    /// How an RSA signature is padded.
    RsaPadding padding = RsaPadding::pkcs1;
};

constexpr base::EnumTable<SignatureAlgorithm, AlgorithmFacts> algorithms({
    {SignatureAlgorithm::es256, {"ES256", &sha256_algorithm, 32}},
    {SignatureAlgorithm::es384, {"ES384", &sha384_algorithm, 48}},
    {SignatureAlgorithm::es512, {"ES512", &sha512_algorithm, 66}},
    {SignatureAlgorithm::rs256, {"RS256", &sha256_algorithm}},
    {SignatureAlgorithm::rs384, {"RS384", &sha384_algorithm}},
    {SignatureAlgorithm::rs512, {"RS512", &sha512_algorithm}},
    {SignatureAlgorithm::ps256, {"PS256", &sha256_algorithm, 0, RsaPadding::pss}},
    {SignatureAlgorithm::ps384, {"PS384", &sha384_algorithm, 0, RsaPadding::pss}},
    {SignatureAlgorithm::ps512, {"PS512", &sha512_algorithm, 0, RsaPadding::pss}},
    {SignatureAlgorithm::eddsa, {"EdDSA"}},
});

constexpr std::size_t ed25519_signature_size = 64;

const EVP_MD* digest_of(SignatureAlgorithm algorithm) {
    const auto digest = algorithms[algorithm].digest;
    return digest == nullptr ? nullptr : digest();
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
    return algorithms[algorithm].name;
}

base::Result<SignatureAlgorithm> signature_algorithm_from(std::string_view text) {
    if (text == "Ed25519") return SignatureAlgorithm::eddsa;
    if (const auto algorithm = algorithms.find(text, &AlgorithmFacts::name)) return *algorithm;
    return base::fail("signature algorithm " + base::printable(text, 40) + " is none of " +
                      base::listed(algorithms, &AlgorithmFacts::name));
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
    if (const std::size_t size = algorithms[algorithm].number_size; size != 0) {
        // OpenSSL checks that r and s are between 1 and the order less 1.
        return signature.size() == 2 * size &&
               verify_raw(key, digest, data,
                          to_der({signature.first(size), signature.subspan(size)}));
    }
    const std::size_t size = algorithm == SignatureAlgorithm::eddsa
                                 ? ed25519_signature_size
                                 : static_cast<std::size_t>(key.bits() + 7) / 8;
    return signature.size() == size &&
           verify_raw(key, digest, data, signature, algorithms[algorithm].padding);
}

base::Bytes sign(const PrivateKey& key, base::BytesView data) {
    return sign(key, algorithm_for(key.public_key()), data);
}

base::Bytes sign(const PrivateKey& key, SignatureAlgorithm algorithm, base::BytesView data) {
    if (!fits(algorithm, key.public_key()) || algorithms[algorithm].padding == RsaPadding::pss)
        throw std::runtime_error("signing: this key does not sign with " +
                                 std::string(to_string(algorithm)));
    base::Bytes signature = sign_raw(key, digest_of(algorithm), data);
    const std::size_t size = algorithms[algorithm].number_size;
    return size == 0 ? signature : side_by_side(signature, size);
}

}  // namespace cairn::crypto
