#include "pki/linted_form.h"

#include <stdexcept>

#include "crypto/digest.h"
#include "pki/x509_signature.h"

namespace cairn::pki {
namespace {

crypto::PrivateKey unknown_key(crypto::KeyAlgorithm algorithm) {
    using enum crypto::KeyAlgorithm;
    switch (algorithm) {
        case ec_p256:
            return crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
        case ec_p384:
            return crypto::PrivateKey::generate(crypto::KeyType::ec_p384);
        case ed25519:
            return crypto::PrivateKey::generate(crypto::KeyType::ed25519);
        case ec_p521:
        case rsa:
            break;
    }
    throw std::logic_error("no key of this kind is made for linters");
}

/// Octets of this number that look like a signature: any number below the modulus is one.
base::Bytes octets_like_a_signature(base::BytesView to_be_signed, std::size_t size) {
    base::Bytes octets;
    auto block = crypto::sha256(to_be_signed);
    while (octets.size() < size) {
        octets.insert(octets.end(), block.begin(), block.end());
        block = crypto::sha256(block);
    }
    octets.resize(size);
    octets.front() &= 0x7fU;
    return octets;
}

}  // namespace

base::Bytes linted_form(base::BytesView to_be_signed, const crypto::PublicKey& issuer_key) {
    const auto algorithm = signature_algorithm_for(issuer_key);
    switch (issuer_key.algorithm()) {
        case crypto::KeyAlgorithm::rsa:
            return signed_object(
                to_be_signed, algorithm,
                octets_like_a_signature(to_be_signed,
                                        static_cast<std::size_t>(issuer_key.bits() + 7) / 8));
        case crypto::KeyAlgorithm::ec_p521: {
            // An ECDSA-Sig-Value of two small numbers: it has its form, if not its size.
            const base::Bytes value{0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01};
            return signed_object(to_be_signed, algorithm, value);
        }
        case crypto::KeyAlgorithm::ec_p256:
        case crypto::KeyAlgorithm::ec_p384:
        case crypto::KeyAlgorithm::ed25519:
            break;
    }
    return sign_object(unknown_key(issuer_key.algorithm()), to_be_signed);
}

}  // namespace cairn::pki
